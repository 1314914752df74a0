import { afsbp, iso27001, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { isTrue, requires } from '../../engine/verdict.ts';

export const rdsCopiesTags: Rule = {
  id: 'rds-copies-tags',
  title: "Snapshots inherit the database's tags",
  severity: 'note',
  rationale:
    'A snapshot without tags is neither found by its classification nor covered by policies that go by tags.',
  remediation: 'Set copy_tags_to_snapshot to true.',
  controls: [...afsbp('RDS.17', 'RDS.4'), ...iso27001('A.8.11', 'A.8.24'), ...soc2('cc_7_5')],
  check: resource(['aws_db_instance', 'aws_rds_cluster'], (database) =>
    requires(database, 'copy_tags_to_snapshot', isTrue),
  ),
};
