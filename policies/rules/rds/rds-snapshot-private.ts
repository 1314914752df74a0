import { afsbp, nist80053, hipaa, pci, iso27001 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { asList } from '../../engine/value.ts';
import { when } from '../../engine/verdict.ts';

export const rdsSnapshotPrivate: Rule = {
  id: 'rds-snapshot-private',
  title: 'Snapshots are shared with named accounts only',
  severity: 'error',
  rationale: 'A snapshot shared with all is a public copy of the database.',
  remediation: 'Remove all from shared_accounts.',
  unsuppressible: true,
  controls: [
    ...afsbp('RDS.1'),
    ...nist80053('AC-2(6)', 'AC-3', 'AC-3(7)', 'AC-4(21)'),
    ...hipaa('164.308(a)(3)(i)', '164.308(a)(4)(ii)(A)', '164.308(a)(4)(ii)(C)'),
    ...pci('1.2', '1.2.1'),
    ...iso27001('A.8.1'),
  ],
  check: resource(['aws_db_snapshot', 'aws_db_cluster_snapshot'], (snapshot) =>
    when(
      !asList(snapshot.get('shared_accounts')).includes('all'),
      'shared with all',
      'shared with named accounts or none',
    ),
  ),
};
