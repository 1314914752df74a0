import { afsbp, nist80053, hipaa, pci, iso27001, gdpr, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { textOf } from '../../engine/value.ts';
import { includes, isSet, requires } from '../../engine/verdict.ts';

export const rdsLogExports: Rule = {
  id: 'rds-log-exports',
  title: 'PostgreSQL logs leave the database server',
  severity: 'error',
  rationale:
    'Logs on the server rotate away within days and can be lost with it; an investigation needs them elsewhere.',
  remediation: 'Add postgresql to enabled_cloudwatch_logs_exports.',
  controls: [
    ...afsbp('RDS.9'),
    ...nist80053('AC-2(4)', 'AC-3(1)', 'AC-3(10)', 'AC-4(26)'),
    ...hipaa('164.308(a)(3)(ii)(A)', '164.308(a)(5)(ii)(C)'),
    ...pci('10.1', '10.2.1'),
    ...iso27001('A.8.15'),
    ...gdpr('article_32'),
    ...soc2('cc_7_2'),
  ],
  check: resource(['aws_db_instance', 'aws_rds_cluster'], (database) =>
    textOf(database.get('engine')).includes('postgres')
      ? requires(database, 'enabled_cloudwatch_logs_exports', includes('postgresql'))
      : requires(database, 'enabled_cloudwatch_logs_exports', isSet),
  ),
};
