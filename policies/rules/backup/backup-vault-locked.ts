import { nist80053, iso27001 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { all, atLeast, fail, requires } from '../../engine/verdict.ts';

export const backupVaultLocked: Rule = {
  id: 'backup-vault-locked',
  title: 'Backup vaults are locked so that not even an administrator deletes early',
  severity: 'error',
  rationale:
    'Ransomware deletes the backups first, with the rights of the administrator it became.',
  remediation:
    'Add an aws_backup_vault_lock_configuration with min_retention_days and changeable_for_days (compliance mode).',
  controls: [...nist80053('CP-9d'), ...iso27001('A.8.13')],
  check: resource('aws_backup_vault', (vault, everything) => {
    const [lock] = everything.referrers(
      vault,
      'aws_backup_vault_lock_configuration',
      'backup_vault_name',
    );
    return lock
      ? all(
          requires(lock, 'min_retention_days', atLeast(1)),
          requires(lock, 'changeable_for_days', atLeast(3)),
        )
      : fail('no lock', 'an aws_backup_vault_lock_configuration');
  }),
};
