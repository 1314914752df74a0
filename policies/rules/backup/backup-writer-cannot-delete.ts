import { nist80053, iso27001 } from '../../controls/frameworks.ts';
import { type Identity, identities, isUnreadableIdentity, may } from '../../analysis/identities.ts';
import {
  bucketArns,
  mayWrite,
  objectKeys,
  objectTarget,
  repositories,
} from '../../analysis/storage.ts';
import type { Resource } from '../../engine/resource.ts';
import { type Rule, type Verdict, graph } from '../../engine/rule.ts';
import { unknown, when } from '../../engine/verdict.ts';

const deleting = ['s3:DeleteObject', 's3:DeleteObjectVersion'] as const;
const unlocking = [
  's3:BypassGovernanceRetention',
  's3:PutBucketPolicy',
  's3:PutLifecycleConfiguration',
  's3:PutBucketObjectLockConfiguration',
] as const;

/** What a pruner adds: the commit that tells what it deletes, and its lease. */
const accountOfPruning = /^\/(jobs\/[^/]+\/commits|leases)\/[^/]+$/;

/** The right, if any, by which somebody who writes backups could make one go. */
function forbiddenRight(one: Identity, bucket: Resource): string | undefined {
  const keys = objectKeys(one, bucket);
  const targetsOf = (some: readonly string[]) => some.map((key) => objectTarget(bucket, key));
  const everywhere = [...targetsOf(keys), bucketArns(bucket)];
  const unlocks = unlocking.find((action) => may(one, action, everywhere));
  if (unlocks !== undefined) return unlocks;
  const written = keys.filter((key) => may(one, 's3:PutObject', targetsOf([key])));
  // Whoever writes content deletes nothing; a pruner deletes nothing of what it writes.
  const isPruner = written.every((key) => accountOfPruning.test(key));
  return deleting.find((action) => may(one, action, targetsOf(isPruner ? written : keys)));
}

function judge(one: Identity, bucket: Resource): Verdict {
  const right = forbiddenRight(one, bucket);
  if (right === undefined && isUnreadableIdentity(one))
    return unknown('a policy that is only known after apply', 'writing without deleting');
  return when(
    right === undefined,
    `writes to ${bucket.address} and may ${right}`,
    'writing without deleting',
  );
}

export const backupWriterCannotDelete: Rule = {
  id: 'backup-writer-cannot-delete',
  title: 'Who writes backups cannot delete them; who prunes writes commits and leases only',
  severity: 'error',
  rationale:
    'The machine that makes backups is the first to be taken over; with its rights the past must stay. A pruner that could also write, or delete its own commits, could replace the past.',
  remediation:
    "Deny the writer s3:DeleteObject, s3:DeleteObjectVersion, s3:BypassGovernanceRetention and changes of the bucket's policy and lifecycle. Let the pruner create below jobs/*/commits/ and leases/ alone, and deny it deletion there.",
  controls: [...nist80053('AC-5b', 'CP-9d'), ...iso27001('A.5.3')],
  check: graph((everything) =>
    repositories(everything).flatMap((bucket) =>
      identities(everything)
        .filter((one) => mayWrite(one, bucket))
        .map((one) => ({ resource: one.resource, verdict: judge(one, bucket) })),
    ),
  ),
};
