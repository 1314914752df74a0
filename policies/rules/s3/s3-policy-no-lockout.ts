import { nist80053, soc2 } from '../../controls/frameworks.ts';
import { eachStatement } from '../../analysis/policies.ts';
import { isForAnybody } from '../../analysis/statements.ts';
import { type Rule, resource } from '../../engine/rule.ts';

export const s3PolicyNoLockout: Rule = {
  id: 's3-policy-no-lockout',
  title: 'No bucket policy shuts out everybody',
  severity: 'warning',
  rationale:
    'A deny of everything to all, without a condition, leaves only the root user to repair it.',
  remediation: 'Give the deny a condition, or deny the actions that you mean.',
  controls: [...nist80053('AC-3', 'CP-9d'), ...soc2('cc_6_1')],
  check: resource('aws_s3_bucket_policy', (holder) =>
    eachStatement(
      holder.get('policy'),
      'a condition in a deny of s3:* to all',
      (statement) =>
        !statement.allows &&
        statement.conditions.length === 0 &&
        isForAnybody(statement) &&
        statement.actions.some((action) => action === '*' || action === 's3:*'),
    ),
  ),
};
