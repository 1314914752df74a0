import { afsbp, cis, nist80053, hipaa, iso27001 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { isTrue, notApplicable, requires } from '../../engine/verdict.ts';

export const rdsMultiAz: Rule = {
  id: 'rds-multi-az',
  title: 'Databases stand by in a second zone',
  severity: 'warning',
  rationale: 'The loss of one zone takes a database in a single zone down until it is rebuilt.',
  remediation: 'Set multi_az to true, or run a cluster with instances in several zones.',
  controls: [
    ...afsbp('RDS.5'),
    ...cis('3.2.4'),
    ...nist80053('CP-1a.1(b)', 'CP-1a.2', 'CP-2a', 'CP-2a.6'),
    ...hipaa('164.308(a)(7)(i)', '164.308(a)(7)(ii)(C)'),
    ...iso27001('A.8.14'),
  ],
  check: resource('aws_db_instance', (database) =>
    database.get('replicate_source_db') === undefined
      ? requires(database, 'multi_az', isTrue)
      : notApplicable,
  ),
};
