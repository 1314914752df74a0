import { nist80053, iso27001 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { isTrue, requires } from '../../engine/verdict.ts';

export const vpnClientSplitTunnel: Rule = {
  id: 'vpn-client-split-tunnel',
  title: "Only the network's own traffic goes through the VPN",
  severity: 'note',
  rationale:
    "With a full tunnel people's private traffic crosses the egress of production, and its allow list has to be widened.",
  remediation: 'Set split_tunnel to true.',
  controls: [...nist80053('SC-7a'), ...iso27001('A.8.21')],
  check: resource('aws_ec2_client_vpn_endpoint', (endpoint) =>
    requires(endpoint, 'split_tunnel', isTrue),
  ),
};
