import { nist80053, iso27001 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { all, between, isTrue, requires } from '../../engine/verdict.ts';

export const vpnClientSessionLimit: Rule = {
  id: 'vpn-client-session-limit',
  title: 'A VPN session ends within a working day',
  severity: 'warning',
  rationale: 'A laptop that stays connected overnight is an open door at night.',
  remediation:
    'Set session_timeout_hours to 8, the shortest the service allows, and disconnect_on_session_timeout to true.',
  controls: [...nist80053('AC-17b'), ...iso27001('A.8.5')],
  check: resource('aws_ec2_client_vpn_endpoint', (endpoint) =>
    all(
      requires(endpoint, 'session_timeout_hours', between(1, 8), 24),
      requires(endpoint, 'disconnect_on_session_timeout', isTrue),
    ),
  ),
};
