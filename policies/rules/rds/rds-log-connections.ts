import { afsbp, nist80053, hipaa, pci, iso27001, gdpr, soc2 } from '../../controls/frameworks.ts';
import { parameterOf } from '../../analysis/companions.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { textOf } from '../../engine/value.ts';
import { notApplicable, when } from '../../engine/verdict.ts';

export const rdsLogConnections: Rule = {
  id: 'rds-log-connections',
  title: 'PostgreSQL logs who connects and disconnects',
  severity: 'warning',
  rationale: 'Without it a stolen credential leaves no trace in the database.',
  remediation: 'Set log_connections and log_disconnections to 1.',
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
    const off = ['log_connections', 'log_disconnections'].filter(
      (name) =>
        !['1', 'on', 'all', 'true'].includes(parameterOf(everything, database, name)[0] ?? ''),
    );
    return when(
      off.length === 0,
      `${off.join(' and ')} off`,
      'log_connections and log_disconnections on',
    );
  }),
};
