import type { EnvironmentStack } from '../../lib/environment-stack.ts';
import type { Statement } from '../../lib/policy-document.ts';

/** What a person's role is for: what it may do, and what it must never do, whatever else it is given. */
export interface Duty {
  readonly description: string;
  readonly rights: readonly Statement[];
  readonly never: readonly Statement[];
}

/** ARN patterns of what this environment owns; every name starts with project and environment. */
export function own(stack: EnvironmentStack) {
  const prefix = stack.named('*');
  return {
    databases: stack.arn('rds', `db:${prefix}`),
    snapshots: stack.arn('rds', `snapshot:${prefix}`),
    parameterGroups: stack.arn('rds', `pg:${prefix}`),
    databaseUsers: stack.arn('rds-db', 'dbuser:*/crm_admin'),
    buckets: `arn:${stack.partition.name}:s3:::${prefix}`,
    objects: `arn:${stack.partition.name}:s3:::${prefix}/*`,
    services: stack.arn('ecs', `service/${prefix}/*`),
    tasks: stack.arn('ecs', `task/${prefix}/*`),
    vaults: stack.arn('backup', `backup-vault:${prefix}`),
    recoveryPoints: stack.arn('backup', 'recovery-point:*'),
    logGroups: stack.arn('logs', `log-group:/${stack.environment.project}/*`, { region: '*' }),
    databaseLogs: stack.arn('logs', `log-group:/aws/rds/instance/${prefix}`),
  };
}

/** Looking at metrics, alarms and the state of things; no content. */
export const look: Statement = {
  sid: 'Look',
  actions: [
    'backup:Describe*',
    'backup:List*',
    'cloudwatch:Describe*',
    'cloudwatch:Get*',
    'cloudwatch:List*',
    'ec2:Describe*',
    'ecs:Describe*',
    'ecs:List*',
    'elasticloadbalancing:Describe*',
    'logs:DescribeLogGroups',
    'rds:Describe*',
    's3:ListAllMyBuckets',
    'tag:GetResources',
  ],
  resources: ['*'],
};

/** Deleting backups, or letting them be deleted sooner. */
export const changeRetention = [
  'backup:DeleteBackupPlan',
  'backup:DeleteBackupVault*',
  'backup:DeleteRecoveryPoint',
  'backup:DisassociateRecoveryPoint',
  'backup:PutBackupVaultLockConfiguration',
  'backup:UpdateBackupPlan',
  'backup:UpdateRecoveryPointLifecycle',
  'rds:DeleteDBInstanceAutomatedBackup',
  'rds:DeleteDBSnapshot',
  's3:BypassGovernanceRetention',
  's3:DeleteObject*',
  's3:PutBucketObjectLockConfiguration',
  's3:PutBucketVersioning',
  's3:PutLifecycleConfiguration',
  's3:PutObjectLegalHold',
  's3:PutObjectRetention',
] as const;

/** Opening what is encrypted. */
export const readContent = [
  'kms:Decrypt',
  'kms:ReEncrypt*',
  's3:GetObject*',
  'secretsmanager:GetSecretValue',
] as const;

export function never(sid: string, actions: readonly string[]): Statement {
  return { sid, effect: 'Deny', actions, resources: ['*'] };
}
