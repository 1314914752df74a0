import { nist80053, hipaa, pci } from '../../controls/frameworks.ts';
import { customerKey } from '../../analysis/keys.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { requires } from '../../engine/verdict.ts';

export const secretCustomerKey: Rule = {
  id: 'secret-customer-key',
  title: 'Secrets are encrypted by a customer managed key',
  severity: 'warning',
  rationale:
    "With the service's key everybody who may read secrets in the account may decrypt this one.",
  remediation: 'Set kms_key_id.',
  controls: [
    ...nist80053('AU-9(3)', 'CP-9d', 'SC-8(3)', 'SC-8(4)'),
    ...hipaa('164.312(a)(2)(iv)', '164.312(e)(2)(ii)'),
    ...pci('3.4', '8.2.1'),
  ],
  check: resource('aws_secretsmanager_secret', (secret, everything) =>
    requires(secret, 'kms_key_id', customerKey(everything)),
  ),
};
