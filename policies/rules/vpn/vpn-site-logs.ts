import { afsbp, nist80053 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { all, isTrue, requires } from '../../engine/verdict.ts';

export const vpnSiteLogs: Rule = {
  id: 'vpn-site-logs',
  title: 'Both tunnels of a site-to-site connection log',
  severity: 'warning',
  rationale: 'A tunnel that keeps renegotiating, or that somebody probes, is seen there alone.',
  remediation: 'Enable cloudwatch_log_options in tunnel1_log_options and tunnel2_log_options.',
  controls: [...afsbp('EC2.20'), ...nist80053('AU-12a', 'AC-17(1)')],
  check: resource('aws_vpn_connection', (connection) =>
    all(
      ...['tunnel1', 'tunnel2'].map((tunnel) =>
        requires(connection, `${tunnel}_log_options.cloudwatch_log_options.log_enabled`, isTrue),
      ),
    ),
  ),
};
