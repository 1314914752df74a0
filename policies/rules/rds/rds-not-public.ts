import { afsbp, cis, nist80053, hipaa, pci, iso27001, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { isNotTrue, requires } from '../../engine/verdict.ts';

export const rdsNotPublic: Rule = {
  id: 'rds-not-public',
  title: 'Databases have no public address',
  severity: 'error',
  rationale:
    'A public address puts the database one mistaken security group away from the internet.',
  remediation:
    'Leave publicly_accessible false and connect through the private network or the VPN.',
  unsuppressible: true,
  controls: [
    ...afsbp('RDS.2'),
    ...cis('3.2.3'),
    ...nist80053('AC-2(6)', 'AC-3', 'AC-3(7)', 'AC-4(21)'),
    ...hipaa('164.308(a)(3)(i)', '164.308(a)(4)(ii)(A)', '164.308(a)(4)(ii)(C)'),
    ...pci('1.2', '1.2.1'),
    ...iso27001('A.8.1'),
    ...soc2('cc_6_2'),
  ],
  check: resource(['aws_db_instance', 'aws_rds_cluster_instance'], (database) =>
    requires(database, 'publicly_accessible', isNotTrue),
  ),
};
