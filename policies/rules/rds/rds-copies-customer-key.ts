import { afsbp, nist80053, hipaa, pci, iso27001 } from '../../controls/frameworks.ts';
import { customerKey } from '../../analysis/keys.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { requires } from '../../engine/verdict.ts';

export const rdsCopiesCustomerKey: Rule = {
  id: 'rds-copies-customer-key',
  title: 'Copies of snapshots and replicated backups are encrypted by a customer managed key',
  severity: 'error',
  rationale: 'A copy in another region or account is only as safe as its own key.',
  remediation: 'Set kms_key_id to a key of the region that the copy goes to.',
  controls: [
    ...afsbp('RDS.4'),
    ...nist80053('AU-9(3)', 'CP-9d', 'SC-8(3)', 'SC-8(4)'),
    ...hipaa('164.312(a)(2)(iv)', '164.312(e)(2)(ii)'),
    ...pci('3.4', '8.2.1'),
    ...iso27001('A.8.11', 'A.8.24'),
  ],
  check: resource(
    [
      'aws_db_snapshot_copy',
      'aws_db_cluster_snapshot',
      'aws_db_instance_automated_backups_replication',
      'aws_rds_cluster_activity_stream',
    ],
    (copy, everything) => requires(copy, 'kms_key_id', customerKey(everything)),
  ),
};
