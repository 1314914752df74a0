import { afsbp, nist80053, hipaa, pci, iso27001, gdpr, soc2 } from '../../controls/frameworks.ts';
import { parameterOf } from '../../analysis/companions.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { textOf } from '../../engine/value.ts';
import { notApplicable, when } from '../../engine/verdict.ts';

const statements = new Set(['ddl', 'mod', 'all']);

export const rdsQueryLogging: Rule = {
  id: 'rds-query-logging',
  title: 'PostgreSQL logs changes of the schema or slow statements',
  severity: 'warning',
  rationale: 'Who changed or read what cannot be reconstructed from connections alone.',
  remediation:
    'Set log_statement to ddl or mod, or log_min_duration_statement to 0 or more milliseconds.',
  controls: [
    ...afsbp('RDS.9'),
    ...nist80053('AC-2(4)', 'AC-3(1)', 'AC-3(10)', 'AC-4(26)'),
    ...hipaa('164.308(a)(3)(ii)(A)', '164.308(a)(5)(ii)(C)'),
    ...pci('10.1', '10.2.1'),
    ...iso27001('A.8.15'),
    ...gdpr('article_32'),
    ...soc2('cc_7_2'),
  ],
  check: resource(['aws_db_instance', 'aws_rds_cluster'], (database, everything) => {
    if (!textOf(database.get('engine')).includes('postgres')) return notApplicable;
    const level = parameterOf(everything, database, 'log_statement')[0] ?? 'none';
    const duration = Number(
      parameterOf(everything, database, 'log_min_duration_statement')[0] ?? -1,
    );
    return when(
      statements.has(level) || duration >= 0,
      `log_statement is ${level}`,
      'log_statement ddl, mod or all, or log_min_duration_statement at least 0',
    );
  }),
};
