import { afsbp, nist80053 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { isTrue, requires } from '../../engine/verdict.ts';

export const firewallDeletionProtection: Rule = {
  id: 'firewall-deletion-protection',
  title: 'Network firewalls are protected from deletion',
  severity: 'error',
  rationale: 'One wrong plan would remove the inspection and leave the routes broken or open.',
  remediation: 'Set delete_protection to true.',
  controls: [...afsbp('NetworkFirewall.9'), ...nist80053('SC-7a')],
  check: resource('aws_networkfirewall_firewall', (firewall) =>
    requires(firewall, 'delete_protection', isTrue),
  ),
};
