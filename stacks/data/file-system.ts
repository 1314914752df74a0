import { EfsAccessPoint } from '@cdktf/provider-aws/lib/efs-access-point/index.js';
import { EfsBackupPolicy } from '@cdktf/provider-aws/lib/efs-backup-policy/index.js';
import { EfsFileSystemPolicy } from '@cdktf/provider-aws/lib/efs-file-system-policy/index.js';
import { EfsFileSystem } from '@cdktf/provider-aws/lib/efs-file-system/index.js';
import { EfsMountTarget } from '@cdktf/provider-aws/lib/efs-mount-target/index.js';
import { Construct } from 'constructs';
import type { Environment } from '../../contracts/environment.ts';
import { placeholdersIn } from '../../contracts/environment/job-checks.ts';
import { CustomerKey } from '../constructs/customer-key.ts';
import { classify } from '../lib/classification.ts';
import { stackOf } from '../lib/environment-stack.ts';
import { policyDocument } from '../lib/policy-document.ts';
import { zoneLetters } from '../network/tier.ts';

/** The user that the CRM's and the agent's containers run as. */
const owner = { uid: 10_001, gid: 10_001 };

/** Names the job that backs the file system up: the job itself knows only where it is mounted. */
function backupTag({ jobs }: Environment): Record<string, string> {
  const found = Object.entries(jobs).find(
    ([, { source }]) => source.type === 'files' && placeholdersIn(source.path).includes('files'),
  );
  return found ? { BackupJob: found[0] } : {};
}

/** A shared file system for attachments: encrypted at rest and on its way, entered by access points. */
export class FileSystem extends Construct {
  readonly fileSystem: EfsFileSystem;
  /** How tasks enter it. */
  readonly mount: { readonly fileSystemId: string; readonly accessPointId: string };

  constructor(
    scope: Construct,
    id: string,
    config: { subnetIds: readonly string[]; securityGroupId: string },
  ) {
    super(scope, id);
    classify(this, 'personal');
    const stack = stackOf(this);
    const key = new CustomerKey(this, 'storage', {
      description: 'Encrypts the shared file system',
      viaServices: ['elasticfilesystem'],
    });
    this.fileSystem = new EfsFileSystem(this, 'files', {
      tags: backupTag(stack.environment),
      creationToken: stack.named('attachments'),
      encrypted: true,
      kmsKeyId: key.arn,
      throughputMode: 'elastic',
      lifecyclePolicy: [{ transitionToIa: 'AFTER_30_DAYS' }],
      lifecycle: { preventDestroy: stack.environment.data.preventDestroy },
    });
    const on = { fileSystemId: this.fileSystem.id };
    new EfsBackupPolicy(this, 'backups', { ...on, backupPolicy: { status: 'ENABLED' } });
    for (const [index, subnetId] of config.subnetIds.entries())
      new EfsMountTarget(this, `mount-${zoneLetters[index]}`, {
        ...on,
        subnetId,
        securityGroups: [config.securityGroupId],
      });
    const accessPoint = new EfsAccessPoint(this, 'attachments', {
      ...on,
      posixUser: owner,
      rootDirectory: {
        path: '/attachments',
        creationInfo: { ownerUid: owner.uid, ownerGid: owner.gid, permissions: '0750' },
      },
    });
    this.mount = { fileSystemId: this.fileSystem.id, accessPointId: accessPoint.id };
    this.#guard();
  }

  #guard(): void {
    const files = { principal: '*', resources: [this.fileSystem.arn] } as const;
    const everyAction = [
      'elasticfilesystem:ClientMount',
      'elasticfilesystem:ClientWrite',
      'elasticfilesystem:ClientRootAccess',
    ];
    new EfsFileSystemPolicy(this, 'policy', {
      fileSystemId: this.fileSystem.id,
      policy: policyDocument(
        {
          ...files,
          sid: 'MountThroughAccessPoints',
          actions: ['elasticfilesystem:ClientMount', 'elasticfilesystem:ClientWrite'],
          conditions: {
            StringEquals: { 'aws:PrincipalAccount': stackOf(this).environment.account },
            Bool: { 'elasticfilesystem:AccessedViaMountTarget': 'true' },
            Null: { 'elasticfilesystem:AccessPointArn': 'false' },
          },
        },
        {
          ...files,
          sid: 'DenyPlaintext',
          effect: 'Deny',
          actions: everyAction,
          conditions: { Bool: { 'aws:SecureTransport': 'false' } },
        },
      ),
    });
  }
}
