import { afsbp, nist80053, hipaa, pci } from '../../controls/frameworks.ts';
import { customerKey } from '../../analysis/keys.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { notApplicable, requires } from '../../engine/verdict.ts';

export const rdsMasterSecretKey: Rule = {
  id: 'rds-master-secret-key',
  title: "The master password's secret is encrypted by a customer managed key",
  severity: 'warning',
  rationale:
    'Whoever may read secrets of the account could read this one; a key of your own decides separately.',
  remediation: 'Set master_user_secret_kms_key_id.',
  controls: [
    ...afsbp('SecretsManager.1'),
    ...nist80053('AU-9(3)', 'CP-9d', 'SC-8(3)', 'SC-8(4)'),
    ...hipaa('164.312(a)(2)(iv)', '164.312(e)(2)(ii)'),
    ...pci('3.4', '8.2.1'),
  ],
  check: resource(['aws_db_instance', 'aws_rds_cluster'], (database, everything) =>
    database.get('manage_master_user_password') === true
      ? requires(database, 'master_user_secret_kms_key_id', customerKey(everything))
      : notApplicable,
  ),
};
