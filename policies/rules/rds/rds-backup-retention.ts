import { afsbp, nist80053, hipaa, gdpr, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { atLeast, notApplicable, requires } from '../../engine/verdict.ts';

export const rdsBackupRetention: Rule = {
  id: 'rds-backup-retention',
  title: 'Databases keep automated backups for at least seven days',
  severity: 'error',
  rationale:
    'Damage is often noticed days later; without older automated backups there is no point in time to return to.',
  remediation: 'Set backup_retention_period to 7 or more; production keeps 35 days.',
  controls: [
    ...afsbp('RDS.11'),
    ...nist80053('CP-1(2)', 'CP-2(5)', 'CP-6a', 'CP-6(1)'),
    ...hipaa('164.308(a)(7)(i)', '164.308(a)(7)(ii)(A)', '164.308(a)(7)(ii)(B)'),
    ...gdpr('article_32'),
    ...soc2('cc_7_4'),
  ],
  check: resource(['aws_db_instance', 'aws_rds_cluster'], (database) =>
    database.get('replicate_source_db') === undefined
      ? requires(database, 'backup_retention_period', atLeast(7), 0)
      : notApplicable,
  ),
};
