import { afsbp, nist80053 } from '../../controls/frameworks.ts';
import { customerKey } from '../../analysis/keys.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { all, equals, requires } from '../../engine/verdict.ts';

export const firewallCustomerKey: Rule = {
  id: 'firewall-customer-key',
  title: 'Network firewalls, their policies and rules are encrypted by a customer managed key',
  severity: 'warning',
  rationale: 'The rules tell an attacker exactly what passes.',
  remediation: 'Set encryption_configuration with type CUSTOMER_KMS and your key.',
  controls: [...afsbp('NetworkFirewall.3'), ...nist80053('SC-28')],
  check: resource(
    [
      'aws_networkfirewall_firewall',
      'aws_networkfirewall_firewall_policy',
      'aws_networkfirewall_rule_group',
    ],
    (part, everything) =>
      all(
        requires(part, 'encryption_configuration.type', equals('CUSTOMER_KMS')),
        requires(part, 'encryption_configuration.key_id', customerKey(everything)),
      ),
  ),
};
