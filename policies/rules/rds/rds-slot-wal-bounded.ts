import { nist80053 } from '../../controls/frameworks.ts';
import { parameterOf, parameters } from '../../analysis/companions.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { atLeast, notApplicable, requires } from '../../engine/verdict.ts';

export const rdsSlotWalBounded: Rule = {
  id: 'rds-slot-wal-bounded',
  title: "Replication slots cannot fill the database's disk",
  severity: 'error',
  rationale:
    'A slot that nobody reads holds back every change; without a bound the disk fills and the database stops.',
  remediation: 'Set max_slot_wal_keep_size (in megabytes) wherever rds.logical_replication is 1.',
  controls: [...nist80053('CP-9b', 'SC-5(2)', 'CP-10')],
  check: resource(['aws_db_instance', 'aws_rds_cluster'], (database, everything) => {
    if (parameterOf(everything, database, 'rds.logical_replication')[0] !== '1')
      return notApplicable;
    return requires(
      {
        max_slot_wal_keep_size:
          parameters(everything, database)?.get('max_slot_wal_keep_size') ?? null,
      },
      'max_slot_wal_keep_size',
      atLeast(1),
    );
  }),
};
