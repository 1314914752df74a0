import { S3BucketReplicationConfigurationA } from '@cdktf/provider-aws/lib/s3-bucket-replication-configuration/index.js';
import type { Construct } from 'constructs';
import type { CustomerKey } from '../constructs/customer-key.ts';
import type { PrivateBucket } from '../constructs/private-bucket.ts';
import { stackOf, type EnvironmentStack } from '../lib/environment-stack.ts';
import { foreignStatement, type ForeignPrincipal, type Statement } from '../lib/policy-document.ts';
import { workloadRole } from '../lib/workload-role.ts';

const roleName = 'attachments-replication';

interface Side {
  readonly bucket: PrivateBucket;
  readonly key: CustomerKey;
}

/**
 * Copies a bucket's new objects to its replica. Delete markers stay behind: what somebody deletes here
 * must not vanish there.
 */
export function replicate(
  scope: Construct,
  { bucket, key, replica }: Side & { replica: Side },
): void {
  const { environment, offsiteAccount } = stackOf(scope);
  const handover = offsiteAccount === environment.account ? undefined : { owner: 'Destination' };
  const { role, rights } = workloadRole(scope, 'replication', {
    name: roleName,
    description: 'Lets S3 copy attachments to the off-site region',
    service: 's3.amazonaws.com',
    rights: copyRights({ bucket, key }, replica),
  });
  new S3BucketReplicationConfigurationA(scope, 'replication', {
    bucket: bucket.bucket.id,
    role: role.arn,
    rule: [
      {
        id: 'everything',
        status: 'Enabled',
        priority: 1,
        filter: { prefix: '' },
        deleteMarkerReplication: { status: 'Disabled' },
        sourceSelectionCriteria: { sseKmsEncryptedObjects: { status: 'Enabled' } },
        destination: {
          bucket: replica.bucket.arn,
          storageClass: 'STANDARD_IA',
          ...(handover ? { account: offsiteAccount, accessControlTranslation: handover } : {}),
          encryptionConfiguration: { replicaKmsKeyId: replica.key.arn },
          metrics: { status: 'Enabled', eventThreshold: { minutes: 15 } },
          replicationTime: { status: 'Enabled', time: { minutes: 15 } },
        },
      },
    ],
    dependsOn: [bucket.versioning, replica.bucket.versioning, ...(rights ? [rights] : [])],
  });
}

/** The replication's role as another account sees it; known before it exists. */
export function replicationRole(stack: EnvironmentStack): ForeignPrincipal {
  const path = `role/${stack.named('workload')}/${stack.named(roleName)}`;
  return {
    accountRootArn: stack.arn('iam', 'root', { region: '' }),
    roleArn: stack.arn('iam', path, { region: '' }),
  };
}

/** What a replica in another account lets the replication do. */
export function replicaStatements(bucketArn: string, role: ForeignPrincipal): Statement[] {
  return [
    {
      ...foreignStatement(role),
      sid: 'ReceiveReplicas',
      actions: ['s3:ObjectOwnerOverrideToBucketOwner', 's3:ReplicateObject', 's3:ReplicateTags'],
      resources: [`${bucketArn}/*`],
    },
    {
      ...foreignStatement(role),
      sid: 'CheckVersioning',
      actions: ['s3:GetBucketVersioning'],
      resources: [bucketArn],
    },
  ];
}

function copyRights(from: Side, to: Side): Statement[] {
  return [
    {
      sid: 'ReadSource',
      actions: ['s3:GetReplicationConfiguration', 's3:ListBucket'],
      resources: [from.bucket.arn],
    },
    {
      sid: 'ReadVersions',
      actions: [
        's3:GetObjectVersionForReplication',
        's3:GetObjectVersionAcl',
        's3:GetObjectVersionTagging',
      ],
      resources: [`${from.bucket.arn}/*`],
    },
    {
      sid: 'WriteReplica',
      actions: ['s3:ObjectOwnerOverrideToBucketOwner', 's3:ReplicateObject', 's3:ReplicateTags'],
      resources: [`${to.bucket.arn}/*`],
    },
    { sid: 'DecryptSource', actions: ['kms:Decrypt'], resources: [from.key.arn] },
    {
      sid: 'EncryptReplica',
      actions: ['kms:Encrypt', 'kms:GenerateDataKey'],
      resources: [to.key.arn],
    },
  ];
}
