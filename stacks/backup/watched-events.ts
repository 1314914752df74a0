import type { CustomerKey } from '../constructs/customer-key.ts';
import type { Cluster } from './cluster.ts';

/** Of the agent; docs/error-codes.md lists them. */
export const harmlessExitCodes = { ok: 0, busy: 10 } as const;

export interface WatchedEvents {
  readonly description: string;
  /** Of EventBridge. */
  readonly pattern: object;
}

/** Tasks that do not end well. The queue of unstarted ones sees only what ECS refused to start. */
export function taskEvents({ arn }: Cluster): Readonly<Record<string, WatchedEvents>> {
  const stopped = (detail: object) => ({
    source: ['aws.ecs'],
    'detail-type': ['ECS Task State Change'],
    detail: { clusterArn: [arn], lastStatus: ['STOPPED'], ...detail },
  });
  return {
    'task-failed': {
      description: 'A task of the backup agent failed, or found backups, copies or drills late',
      // A task that starts twice ends as busy, and did no harm.
      pattern: stopped({
        containers: { exitCode: [{ 'anything-but': Object.values(harmlessExitCodes) }] },
      }),
    },
    'task-unstarted': {
      description: 'A task of the backup agent did not start: its image or a secret is missing',
      pattern: stopped({ stopCode: ['TaskFailedToStart', 'UserInitiated'] }),
    },
  };
}

export interface WatchedVault {
  readonly bucketName: string;
  readonly prunerArn: string;
  readonly keys: readonly CustomerKey[];
}

/** What nobody does to a vault in the course of things. Those by CloudTrail need the audit stack's trail. */
export function vaultEvents(vault: WatchedVault): Readonly<Record<string, WatchedEvents>> {
  const { bucketName, prunerArn, keys } = vault;
  const called = (source: string, detail: object) => ({
    source: [`aws.${source}`],
    'detail-type': ['AWS API Call via CloudTrail'],
    detail: { eventSource: [`${source}.amazonaws.com`], ...detail },
  });
  const ofVault = (parameters: object = {}) => ({
    requestParameters: { bucketName: [bucketName], ...parameters },
  });
  return {
    'foreign-deletes': {
      description: 'Somebody but the pruner deletes in the vault of backups, or tries to',
      pattern: called('s3', {
        eventName: ['DeleteObject', 'DeleteObjects'],
        ...ofVault(),
        $or: [
          {
            userIdentity: {
              sessionContext: { sessionIssuer: { arn: [{ 'anything-but': [prunerArn] }] } },
            },
          },
          { userIdentity: { type: [{ 'anything-but': ['AssumedRole'] }] } },
        ],
      }),
    },
    'delete-markers': {
      description: 'A delete marker hides a backup',
      pattern: {
        source: ['aws.s3'],
        'detail-type': ['Object Deleted'],
        detail: { bucket: { name: [bucketName] }, 'deletion-type': ['Delete Marker Created'] },
      },
    },
    'bypass-attempts': {
      description: 'Somebody bypasses the locks of backups, or tries to',
      pattern: called('s3', ofVault({ 'x-amz-bypass-governance-retention': [{ exists: true }] })),
    },
    'vault-changes': {
      description: "The vault's policy, lifecycle, versions or locks were changed, or nearly",
      pattern: called('s3', {
        eventName: [
          'DeleteBucket',
          'DeleteBucketLifecycle',
          'DeleteBucketPolicy',
          'PutBucketLifecycle',
          'PutBucketObjectLockConfiguration',
          'PutBucketPolicy',
          'PutBucketVersioning',
        ],
        ...ofVault(),
      }),
    },
    'key-deletion': {
      description:
        'A key that backups need was disabled, or is to be deleted: cancel it within 30 days',
      pattern: called('kms', {
        eventName: ['DisableKey', 'ScheduleKeyDeletion'],
        requestParameters: { keyId: keys.flatMap(({ arn, keyId }) => [arn, keyId]) },
      }),
    },
  };
}
