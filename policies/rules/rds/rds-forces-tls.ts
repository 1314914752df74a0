import { afsbp, nist80053, hipaa, pci, iso27001 } from '../../controls/frameworks.ts';
import { parameterOf } from '../../analysis/companions.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { textOf } from '../../engine/value.ts';
import { notApplicable, when } from '../../engine/verdict.ts';

export const rdsForcesTls: Rule = {
  id: 'rds-forces-tls',
  title: 'PostgreSQL refuses connections without TLS',
  severity: 'error',
  rationale:
    "Passwords and customers' records would cross the network in the clear as soon as one client forgets sslmode.",
  remediation: 'Set rds.force_ssl to 1 in a parameter group of your own.',
  unsuppressible: true,
  controls: [
    ...afsbp('RDS.38', 'RDS.39'),
    ...nist80053('AC-4', 'AC-4(22)', 'AC-17(2)', 'AC-24(1)'),
    ...hipaa('164.312(a)(2)(iv)', '164.312(c)(2)', '164.312(e)(1)'),
    ...pci('2.2', '4.1'),
    ...iso27001('A.8.24'),
  ],
  check: resource(['aws_db_instance', 'aws_rds_cluster'], (database, everything) => {
    if (!textOf(database.get('engine')).includes('postgres')) return notApplicable;
    const value = parameterOf(everything, database, 'rds.force_ssl')[0];
    return when(value === '1', `rds.force_ssl is ${value ?? 'not set'}`, 'rds.force_ssl 1');
  }),
};
