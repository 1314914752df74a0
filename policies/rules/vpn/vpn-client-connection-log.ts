import { afsbp, nist80053, iso27001, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { all, isSet, isTrue, requires } from '../../engine/verdict.ts';

export const vpnClientConnectionLog: Rule = {
  id: 'vpn-client-connection-log',
  title: 'The client VPN logs every connection',
  severity: 'error',
  rationale: 'Without it nobody knows who was inside when something happened.',
  remediation: 'Enable connection_log_options with a log group.',
  controls: [
    ...afsbp('EC2.51'),
    ...nist80053('AU-12a', 'AC-17(1)'),
    ...iso27001('A.8.15'),
    ...soc2('cc_a_1_1'),
  ],
  check: resource('aws_ec2_client_vpn_endpoint', (endpoint) =>
    all(
      requires(endpoint, 'connection_log_options.enabled', isTrue),
      requires(endpoint, 'connection_log_options.cloudwatch_log_group', isSet),
    ),
  ),
};
