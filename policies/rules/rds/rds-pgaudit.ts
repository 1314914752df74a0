import { afsbp, nist80053, hipaa, pci, iso27001, gdpr, soc2 } from '../../controls/frameworks.ts';
import { parameterOf } from '../../analysis/companions.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { textOf } from '../../engine/value.ts';
import { notApplicable, when } from '../../engine/verdict.ts';

export const rdsPgaudit: Rule = {
  id: 'rds-pgaudit',
  title: 'PostgreSQL audits by pgaudit',
  severity: 'error',
  rationale:
    'The ordinary log does not say which objects a statement touched; an auditor asks exactly that.',
  remediation:
    'Add pgaudit to shared_preload_libraries and set pgaudit.log, for example to ddl, role, write.',
  controls: [
    ...afsbp('RDS.9'),
    ...nist80053('AU-2b', 'AU-12a', 'AC-2(4)', 'AC-3(1)'),
    ...hipaa('164.308(a)(3)(ii)(A)', '164.308(a)(5)(ii)(C)'),
    ...pci('10.1', '10.2.1'),
    ...iso27001('A.8.15'),
    ...gdpr('article_32'),
    ...soc2('cc_7_2'),
  ],
  check: resource(['aws_db_instance', 'aws_rds_cluster'], (database, everything) => {
    if (!textOf(database.get('engine')).includes('postgres')) return notApplicable;
    const loaded = parameterOf(everything, database, 'shared_preload_libraries').includes(
      'pgaudit',
    );
    const classes = parameterOf(everything, database, 'pgaudit.log').filter(
      (name) => name !== 'none',
    );
    return when(
      loaded && classes.length > 0,
      loaded ? 'pgaudit.log is not set' : 'pgaudit is not loaded',
      'pgaudit in shared_preload_libraries, and pgaudit.log set',
    );
  }),
};
