import { afsbp, nist80053, hipaa, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { isTrue, requires } from '../../engine/verdict.ts';

export const rdsDeletionProtection: Rule = {
  id: 'rds-deletion-protection',
  title: 'Databases are protected from deletion',
  severity: 'error',
  rationale: 'One wrong plan, applied in haste, would remove the database.',
  remediation: 'Set deletion_protection to true.',
  controls: [
    ...afsbp('RDS.8'),
    ...nist80053('CA-7(4)(c)', 'CM-3a', 'CP-1a.1(b)', 'CP-1a.2'),
    ...hipaa('164.308(a)(7)(i)', '164.308(a)(7)(ii)(C)'),
    ...soc2('cc_c_1_1'),
  ],
  check: resource(['aws_db_instance', 'aws_rds_cluster'], (database) =>
    requires(database, 'deletion_protection', isTrue),
  ),
};
