import { BackupLogicallyAirGappedVault } from '@cdktf/provider-aws/lib/backup-logically-air-gapped-vault/index.js';
import { BackupVaultLockConfiguration } from '@cdktf/provider-aws/lib/backup-vault-lock-configuration/index.js';
import { BackupVaultPolicy } from '@cdktf/provider-aws/lib/backup-vault-policy/index.js';
import { BackupVault } from '@cdktf/provider-aws/lib/backup-vault/index.js';
import type { Construct } from 'constructs';
import { CustomerKey } from '../../constructs/customer-key.ts';
import { breakGlassRole } from '../../identity/boundaries.ts';
import { stackOf } from '../../lib/environment-stack.ts';
import { policyDocument, type Statement } from '../../lib/policy-document.ts';
import type { Site } from '../site.ts';

/** Days that recovery points are kept; continuous ones can be no older than 35. */
export const keptDays = 35;
const shortestDays = 7;
/** Days in which a lock can still be taken back; then not even AWS does. */
const coolingOffDays = 3;

export interface RecoveryVaults {
  readonly home: BackupVault;
  readonly offsite: BackupVault;
  /** AWS's own account keeps it: reachable even when this one is not. Only where it is wanted. */
  readonly airGapped: BackupLogicallyAirGappedVault | undefined;
}

/** AWS Backup's vaults, each with a key of its own and a lock, here and off-site. */
export function recoveryVaults(scope: Construct, here: Site, there: Site): RecoveryVaults {
  return {
    home: lockedVault(scope, 'recovery-points', here),
    offsite: lockedVault(scope, 'recovery-points-offsite', there),
    airGapped: airGappedVault(scope, there),
  };
}

function lockedVault(scope: Construct, id: string, site: Site): BackupVault {
  const stack = stackOf(scope);
  const { backup, data } = stack.environment;
  const key = recoveryKey(scope, `${id}-key`, site);
  const vault = new BackupVault(scope, id, {
    ...site.on,
    name: stack.named(id),
    kmsKeyArn: key.arn,
    forceDestroy: !data.preventDestroy,
    lifecycle: { preventDestroy: data.preventDestroy },
  });
  new BackupVaultLockConfiguration(scope, `${id}-lock`, {
    ...site.on,
    backupVaultName: vault.name,
    minRetentionDays: shortestDays,
    maxRetentionDays: keptDays,
    ...(backup.objectLock === 'compliance' ? { changeableForDays: coolingOffDays } : {}),
  });
  new BackupVaultPolicy(scope, `${id}-policy`, {
    ...site.on,
    backupVaultName: vault.name,
    policy: policyDocument(...vaultStatements(site, vault.arn)),
  });
  return vault;
}

function vaultStatements(site: Site, vaultArn: string): Statement[] {
  const stack = stackOf(site);
  const deny: Statement = {
    sid: 'DenyDeleting',
    effect: 'Deny',
    principal: '*',
    actions: [
      'backup:DeleteBackupVaultAccessPolicy',
      'backup:DeleteRecoveryPoint',
      'backup:PutBackupVaultAccessPolicy',
      'backup:UpdateRecoveryPointLifecycle',
    ],
    resources: ['*'],
    conditions: { ArnNotEquals: { 'aws:PrincipalArn': breakGlassRole(stack) } },
  };
  if (site.account === stack.environment.account) return [deny];
  return [
    deny,
    {
      sid: 'AcceptCopies',
      principal: { AWS: stack.arn('iam', 'root', { region: '' }) },
      actions: ['backup:CopyIntoBackupVault'],
      resources: [vaultArn],
    },
  ];
}

function recoveryKey(scope: Construct, id: string, site: Site): CustomerKey {
  const stack = stackOf(scope);
  const foreign = site.account !== stack.environment.account;
  return new CustomerKey(scope, id, {
    ...site.on,
    offsite: site.offsite,
    description: "Encrypts AWS Backup's recovery points",
    viaServices: ['backup', 'rds', 's3', 'elasticfilesystem'],
    statements: foreign
      ? [
          {
            sid: 'EncryptCopies',
            principal: { AWS: stack.arn('iam', 'root', { region: '' }) },
            actions: ['kms:CreateGrant', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey*'],
            resources: ['*'],
            conditions: {
              StringEquals: {
                'kms:ViaService': `backup.${site.region}.${stack.partition.domain}`,
              },
            },
          },
        ]
      : [],
  });
}

function airGappedVault(scope: Construct, site: Site): BackupLogicallyAirGappedVault | undefined {
  const stack = stackOf(scope);
  if (!stack.environment.backup.airGappedVault) return undefined;
  return new BackupLogicallyAirGappedVault(scope, 'air-gapped', {
    ...site.on,
    name: stack.named('air-gapped'),
    minRetentionDays: shortestDays,
    maxRetentionDays: keptDays,
    encryptionKeyArn: recoveryKey(scope, 'air-gapped-key', site).arn,
    lifecycle: { preventDestroy: stack.environment.data.preventDestroy },
  });
}
