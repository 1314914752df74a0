import { afsbp, nist80053, iso27001 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { atLeast, requires } from '../../engine/verdict.ts';

export const kmsDeletionWindow: Rule = {
  id: 'kms-deletion-window',
  title: 'Deleting a key leaves at least thirty days to think again',
  severity: 'error',
  rationale:
    'A deleted key takes every backup under it along; the waiting time is the only way back.',
  remediation: 'Leave deletion_window_in_days at 30.',
  controls: [...afsbp('KMS.3'), ...nist80053('SC-12', 'CP-9d'), ...iso27001('A.8.11', 'A.8.24')],
  check: resource(['aws_kms_key', 'aws_kms_replica_key'], (key) =>
    requires(key, 'deletion_window_in_days', atLeast(30), 30),
  ),
};
