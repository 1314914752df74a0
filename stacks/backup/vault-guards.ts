import { breakGlassRole } from '../identity/boundaries.ts';
import type { EnvironmentStack } from '../lib/environment-stack.ts';
import { foreignStatement, type ForeignPrincipal, type Statement } from '../lib/policy-document.ts';

export interface VaultGuards {
  readonly bucketArn: string;
  /** The one role that may delete, by version, what no lock holds any more. */
  readonly prunerArn: string;
  /** The copier, where it comes from another account. */
  readonly copier?: ForeignPrincipal;
}

/** What tells of backups after they are gone: nobody but break-glass deletes it, the pruner included. */
export const chronicle = [
  'holdfast.json',
  'RECOVER.md',
  'jobs/*/commits/*',
  'jobs/*/drills/*',
  'jobs/*/erasures/*',
  'leases/*',
];

/**
 * What a vault lets nobody do, whatever their own policies say, administrators of the account included:
 * all but break-glass would first have to change this policy, which is logged and alarmed.
 */
export function vaultGuards(stack: EnvironmentStack, guards: VaultGuards): Statement[] {
  const deny = { principal: '*', effect: 'Deny' } as const;
  const objects = [`${guards.bucketArn}/*`];
  const emergency = breakGlassRole(stack);
  return [
    {
      ...deny,
      sid: 'DenyOverwriting',
      actions: ['s3:PutObject'],
      resources: [`${guards.bucketArn}/jobs/*`, `${guards.bucketArn}/holdfast.json`],
      // Starting an upload and sending its parts create nothing yet, and cannot be conditional.
      conditions: {
        Null: { 's3:if-none-match': 'true' },
        Bool: { 's3:ObjectCreationOperation': 'true' },
      },
    },
    { ...deny, sid: 'DenyDeleteMarkers', actions: ['s3:DeleteObject'], resources: objects },
    {
      ...deny,
      sid: 'DenyDeletingVersions',
      actions: ['s3:DeleteObjectVersion'],
      resources: objects,
      conditions: { ArnNotEquals: { 'aws:PrincipalArn': [guards.prunerArn, emergency] } },
    },
    {
      ...deny,
      sid: 'DenyDeletingTheLog',
      actions: ['s3:DeleteObjectVersion'],
      resources: chronicle.map((key) => `${guards.bucketArn}/${key}`),
      conditions: { ArnNotEquals: { 'aws:PrincipalArn': emergency } },
    },
    {
      ...deny,
      sid: 'DenyLiftingLocks',
      actions: ['s3:BypassGovernanceRetention', 's3:PutBucketObjectLockConfiguration'],
      resources: [guards.bucketArn, ...objects],
      conditions: { ArnNotEquals: { 'aws:PrincipalArn': emergency } },
    },
    {
      ...deny,
      sid: 'DenyStrangers',
      actions: ['s3:*'],
      resources: [guards.bucketArn, ...objects],
      conditions: {
        StringNotEquals: {
          'aws:PrincipalAccount': [...new Set([stack.environment.account, stack.offsiteAccount])],
        },
        BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
      },
    },
    ...(guards.copier ? fromOtherAccount(guards.copier, guards.bucketArn) : []),
  ];
}

function fromOtherAccount(copier: ForeignPrincipal, bucketArn: string): Statement[] {
  return [
    {
      ...foreignStatement(copier),
      sid: 'ListFromOtherAccount',
      actions: ['s3:ListBucket', 's3:ListBucketMultipartUploads', 's3:ListBucketVersions'],
      resources: [bucketArn],
    },
    {
      ...foreignStatement(copier),
      sid: 'CopyFromOtherAccount',
      actions: [
        's3:AbortMultipartUpload',
        's3:GetObject',
        's3:GetObjectVersion',
        's3:ListMultipartUploadParts',
        's3:PutObject',
        's3:PutObjectRetention',
      ],
      resources: [`${bucketArn}/*`],
    },
  ];
}
