import { nist80053, iso27001 } from '../../controls/frameworks.ts';
import { identities, isUnreadableIdentity, may } from '../../analysis/identities.ts';
import { bucketArns, mayWrite, objectTargets, repositories } from '../../analysis/storage.ts';
import { type Rule, graph } from '../../engine/rule.ts';
import { unknown, when } from '../../engine/verdict.ts';

const deleting = [
  's3:DeleteObject',
  's3:DeleteObjectVersion',
  's3:BypassGovernanceRetention',
  's3:PutBucketPolicy',
  's3:PutLifecycleConfiguration',
  's3:PutBucketObjectLockConfiguration',
];

export const backupWriterCannotDelete: Rule = {
  id: 'backup-writer-cannot-delete',
  title: 'Who writes backups cannot delete them',
  severity: 'error',
  rationale:
    'The machine that makes backups is the first to be taken over; with its rights the past must stay.',
  remediation:
    "Deny the writer s3:DeleteObject, s3:DeleteObjectVersion, s3:BypassGovernanceRetention and changes of the bucket's policy and lifecycle.",
  controls: [...nist80053('AC-5b', 'CP-9d'), ...iso27001('A.5.3')],
  check: graph((everything) =>
    repositories(everything).flatMap((bucket) => {
      const arns = bucketArns(bucket);
      return identities(everything)
        .filter((one) => mayWrite(one, bucket))
        .map((one) => {
          const right = deleting.find((action) =>
            may(one, action, [...objectTargets(one, bucket), arns]),
          );
          if (right === undefined && isUnreadableIdentity(one))
            return {
              resource: one.resource,
              verdict: unknown(
                'a policy that is only known after apply',
                'writing without deleting',
              ),
            };
          return {
            resource: one.resource,
            verdict: when(
              right === undefined,
              `writes to ${bucket.address} and may ${right}`,
              'writing without deleting',
            ),
          };
        });
    }),
  ),
};
