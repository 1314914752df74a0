import { afsbp, nist80053, iso27001, gdpr, soc2 } from '../../controls/frameworks.ts';
import { forbids } from '../../analysis/policies.ts';
import { coversAction } from '../../analysis/statements.ts';
import type { Rule } from '../../engine/rule.ts';

export const iamS3Bounded: Rule = {
  id: 'iam-s3-bounded',
  title: 'Policies name the buckets they open',
  severity: 'error',
  rationale:
    'Attachments, logs, state and backups lie in buckets; a policy over all of them joins what is kept apart.',
  remediation: "Name the bucket's ARN and its objects.",
  controls: [
    ...afsbp('IAM.1'),
    ...nist80053('AC-6'),
    ...iso27001('A.5.18', 'A.8.2', 'A.8.3'),
    ...gdpr('article_25'),
    ...soc2('cc_1_3'),
  ],
  check: forbids(
    'named buckets',
    (statement) =>
      (statement.resources.some((one) => one === '*' || /^arn:[^:]*:s3:::\*/.test(one)) ||
        statement.notResources.length > 0) &&
      ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:PutBucketPolicy'].some((action) =>
        coversAction(statement, action),
      ) &&
      statement.conditions.length === 0,
  ),
};
