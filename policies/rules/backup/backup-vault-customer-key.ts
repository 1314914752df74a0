import { nist80053, hipaa, iso27001, soc2 } from '../../controls/frameworks.ts';
import { customerKey } from '../../analysis/keys.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { requires } from '../../engine/verdict.ts';

export const backupVaultCustomerKey: Rule = {
  id: 'backup-vault-customer-key',
  title: 'Backup vaults are encrypted by a customer managed key',
  severity: 'error',
  rationale: 'A backup is the data once more, and deserves the same key policy.',
  remediation: 'Set kms_key_arn.',
  controls: [
    ...nist80053('SC-28'),
    ...hipaa('164.312(a)(2)(iv)'),
    ...iso27001('A.8.24'),
    ...soc2('pi_1_5'),
  ],
  check: resource(
    ['aws_backup_vault', 'aws_backup_logically_air_gapped_vault'],
    (vault, everything) =>
      requires(
        vault,
        vault.type === 'aws_backup_vault' ? 'kms_key_arn' : 'encryption_key_arn',
        customerKey(everything),
      ),
  ),
};
