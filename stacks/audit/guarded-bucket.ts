import { breakGlassRole } from '../identity/boundaries.ts';
import type { EnvironmentStack } from '../lib/environment-stack.ts';
import type { Statement } from '../lib/policy-document.ts';

/** What ends, empties, opens or shortens a bucket's records. */
const endangering = [
  's3:BypassGovernanceRetention',
  's3:DeleteBucket',
  's3:DeleteBucketPolicy',
  's3:DeleteObject',
  's3:DeleteObjectVersion',
  's3:PutBucketAcl',
  's3:PutBucketLogging',
  's3:PutBucketNotification',
  's3:PutBucketObjectLockConfiguration',
  's3:PutBucketOwnershipControls',
  's3:PutBucketPolicy',
  's3:PutBucketPublicAccessBlock',
  's3:PutBucketVersioning',
  's3:PutEncryptionConfiguration',
  's3:PutLifecycleConfiguration',
  's3:PutObjectLegalHold',
  's3:PutObjectRetention',
  's3:PutReplicationConfiguration',
];

/**
 * What a bucket of records lets nobody do but break-glass, whatever their own policies say, administrators
 * included; and what it lets no person do at all: write a record. Only AWS services write, and the role named.
 */
export function recordGuards(
  stack: EnvironmentStack,
  bucketArn: string,
  writerArn?: string,
): Statement[] {
  const deny = { principal: '*', effect: 'Deny' } as const;
  const objects = `${bucketArn}/*`;
  return [
    {
      ...deny,
      sid: 'DenyEndangering',
      actions: endangering,
      resources: [bucketArn, objects],
      conditions: { ArnNotEquals: { 'aws:PrincipalArn': breakGlassRole(stack) } },
    },
    {
      ...deny,
      sid: 'DenyForging',
      actions: ['s3:PutObject'],
      resources: [objects],
      conditions: {
        Bool: { 'aws:PrincipalIsAWSService': 'false' },
        ...(writerArn ? { ArnNotEquals: { 'aws:PrincipalArn': writerArn } } : {}),
      },
    },
  ];
}

/** Lets a service deliver below a prefix, for resources of these accounts. */
export function deliveries(
  service: string,
  bucketArn: string,
  accounts: readonly string[],
): Statement[] {
  const principal = { Service: service };
  const conditions = { StringEquals: { 'aws:SourceAccount': accounts } };
  return [
    {
      sid: 'FindBucket',
      principal,
      actions: ['s3:GetBucketAcl', 's3:ListBucket'],
      resources: [bucketArn],
      conditions,
    },
    {
      sid: 'Deliver',
      principal,
      actions: ['s3:PutObject'],
      resources: accounts.map((account) => `${bucketArn}/AWSLogs/${account}/*`),
      conditions,
    },
  ];
}
