import type { EnvironmentStack } from '../lib/environment-stack.ts';
import type { Statement } from '../lib/policy-document.ts';

function homeRegions({ environment }: EnvironmentStack): string[] {
  return [environment.region, environment.offsite.region];
}

/** What no role may do, whatever its policy says. */
export function neverWidenRights(): Statement {
  return {
    sid: 'NeverWidenRights',
    effect: 'Deny',
    actions: [
      'account:*',
      'iam:Attach*',
      'iam:Create*',
      'iam:Delete*',
      'iam:Put*',
      'iam:SetDefaultPolicyVersion',
      'iam:Update*',
      'organizations:*',
    ],
    resources: ['*'],
  };
}

/** The most that a person may do: use and look at this environment's services in its two regions. */
export function peopleBoundary(stack: EnvironmentStack): Statement[] {
  return [
    {
      sid: 'HomeRegions',
      actions: [
        'backup:*',
        'cloudwatch:*',
        'ec2:*',
        'ecs:*',
        'elasticloadbalancing:*',
        'events:*',
        'kms:Decrypt',
        'kms:DescribeKey',
        'kms:GenerateDataKey*',
        'kms:Get*',
        'kms:List*',
        'logs:*',
        'pi:*',
        'rds:*',
        'rds-db:connect',
        's3:*',
        'secretsmanager:DescribeSecret',
        'secretsmanager:ListSecrets',
        'ssm:*',
        'wafv2:*',
      ],
      resources: ['*'],
      conditions: { StringEquals: { 'aws:RequestedRegion': homeRegions(stack) } },
    },
    {
      sid: 'LookAnywhere',
      actions: [
        'access-analyzer:Get*',
        'access-analyzer:List*',
        'cloudtrail:Describe*',
        'cloudtrail:Get*',
        'cloudtrail:List*',
        'cloudtrail:LookupEvents',
        'config:Describe*',
        'config:Get*',
        'config:List*',
        'guardduty:Get*',
        'guardduty:List*',
        'iam:Generate*',
        'iam:Get*',
        'iam:List*',
        'securityhub:Describe*',
        'securityhub:Get*',
        'securityhub:List*',
        'support:*',
        'tag:GetResources',
      ],
      resources: ['*'],
    },
    {
      sid: 'PassWorkloadRoles',
      actions: ['iam:PassRole'],
      resources: [workloadRoles(stack)],
      conditions: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    },
    {
      sid: 'PassVolumesRole',
      actions: ['iam:PassRole'],
      resources: [volumesRole(stack)],
      conditions: { StringEquals: { 'iam:PassedToService': 'ecs.amazonaws.com' } },
    },
    {
      sid: 'PassIsolationRole',
      actions: ['iam:PassRole'],
      resources: [isolationRole(stack)],
      conditions: { StringEquals: { 'iam:PassedToService': 'ssm.amazonaws.com' } },
    },
    neverWidenRights(),
  ];
}

/** The most that a service's role may do: what tasks, logs, copies and schedules need. */
export function workloadBoundary(
  stack: EnvironmentStack,
  account = stack.environment.account,
): Statement[] {
  return [
    {
      sid: 'HomeRegions',
      actions: [
        'backup:*',
        'cloudwatch:PutMetricData',
        'ecr:BatchCheckLayerAvailability',
        'ecr:BatchGetImage',
        'ecr:GetAuthorizationToken',
        'ecr:GetDownloadUrlForLayer',
        'ecs:DescribeTasks',
        'ecs:RunTask',
        'ecs:TagResource',
        'elasticfilesystem:ClientMount',
        'events:PutEvents',
        'kms:Decrypt',
        'kms:DescribeKey',
        'kms:Encrypt',
        'kms:GenerateDataKey*',
        'kms:Sign',
        'logs:Create*',
        'logs:Describe*',
        'logs:PutLogEvents',
        'rds:Describe*',
        'rds-db:connect',
        's3:*',
        'secretsmanager:DescribeSecret',
        'secretsmanager:GetSecretValue',
        'sns:Publish',
        'sqs:SendMessage',
        'ssm:GetParameter*',
      ],
      resources: ['*'],
      conditions: {
        StringEquals: { 'aws:RequestedRegion': [...homeRegions(stack), globalRegion(stack)] },
      },
    },
    {
      sid: 'EnhancedMonitoring',
      actions: ['logs:PutRetentionPolicy'],
      resources: [stack.arn('logs', 'log-group:RDS*')],
    },
    {
      sid: 'PassWorkloadRoles',
      actions: ['iam:PassRole'],
      resources: [workloadRoles(stack, account)],
      conditions: {
        StringEquals: { 'iam:PassedToService': ['ecs-tasks.amazonaws.com', 'ecs.amazonaws.com'] },
      },
    },
    {
      // AWS Backup works by this one role, within AWS's own policies for it.
      sid: 'BackupService',
      actions: [
        'backup-storage:*',
        'cloudwatch:GetMetricData',
        'elasticfilesystem:*',
        'events:*',
        'kms:CreateGrant',
        'kms:ReEncrypt*',
        'rds:*',
        'tag:GetResources',
      ],
      resources: ['*'],
      conditions: {
        ArnEquals: { 'aws:PrincipalArn': workloadRole(stack, 'aws-backup', account) },
      },
    },
    {
      // ECS attaches volumes to tasks by this one role.
      sid: 'TaskVolumes',
      actions: [
        'ec2:AttachVolume',
        'ec2:CreateTags',
        'ec2:CreateVolume',
        'ec2:DeleteVolume',
        'ec2:Describe*',
        'ec2:DetachVolume',
        'kms:CreateGrant',
        'kms:ReEncrypt*',
      ],
      resources: ['*'],
      conditions: {
        ArnEquals: { 'aws:PrincipalArn': volumesRole(stack, account) },
      },
    },
    {
      // Whoever can write a trust policy could let CI's own tokens take on a service's role.
      sid: 'NeverByFederation',
      effect: 'Deny',
      actions: ['*'],
      resources: ['*'],
      conditions: { Null: { 'aws:FederatedProvider': 'false' } },
    },
    {
      sid: 'NeverPublicOrUnlocked',
      effect: 'Deny',
      actions: [
        's3:DeleteBucket*',
        's3:PutAccountPublicAccessBlock',
        's3:PutBucketAcl',
        's3:PutBucketObjectLockConfiguration',
        's3:PutBucketPolicy',
        's3:PutBucketPublicAccessBlock',
        's3:PutLifecycleConfiguration',
      ],
      resources: ['*'],
    },
    neverWidenRights(),
  ];
}

/** The region that a partition's global services report from. */
export function globalRegion({ partition, environment }: EnvironmentStack): string {
  const regions = {
    aws: 'us-east-1',
    'aws-cn': 'cn-north-1',
    'aws-us-gov': 'us-gov-west-1',
    'aws-eusc': environment.region,
  };
  return regions[partition.name];
}

export const workloadPath = (stack: EnvironmentStack) => `/${stack.named('workload')}/`;
export const peoplePath = (stack: EnvironmentStack) => `/${stack.named('people')}/`;

/** Roles of services that record and answer; only break-glass makes and changes them. */
export const auditPath = (stack: EnvironmentStack) => `/${stack.named('audit')}/`;

/** The role that the runbooks of incidents run as. */
export function isolationRole(stack: EnvironmentStack): string {
  return stack.arn('iam', `role${auditPath(stack)}${stack.named('audit-isolation')}`, {
    region: '',
  });
}

/** What the audit stack makes, by the names that it gives, where a service takes names in ARNs. */
export function auditResources(stack: EnvironmentStack): string[] {
  const { project, environment } = stack.environment;
  const mine = stack.named('audit-*');
  const anywhere = { region: '*' };
  return [
    stack.arn('cloudwatch', `alarm:${mine}`, anywhere),
    stack.arn('events', `rule/${mine}`, anywhere),
    stack.arn('logs', `log-group:/${project}/${environment}/audit/*`, anywhere),
    `arn:${stack.partition.name}:s3:::${mine}`,
    stack.arn('sns', mine, anywhere),
    stack.arn('ssm', `document/${mine}`, anywhere),
  ];
}

/** The role for emergencies. */
export function breakGlassRole(stack: EnvironmentStack): string {
  const name = stack.named('break-glass');
  return stack.arn('iam', `role${peoplePath(stack)}${name}`, { region: '' });
}

/** Everything in the vaults that keep backups. */
export function vaultObjects(stack: EnvironmentStack): string[] {
  return ['vault', 'vault-offsite'].map(
    (purpose) => `arn:${stack.partition.name}:s3:::${stack.named(purpose)}-*/*`,
  );
}

/** One role that a service takes on. */
function workloadRole(stack: EnvironmentStack, name: string, account: string): string {
  return stack.arn('iam', `role${workloadPath(stack)}${stack.named(name)}`, {
    region: '',
    account,
  });
}

/** The role by which ECS attaches volumes to the agent's tasks. */
export function volumesRole(stack: EnvironmentStack, account = stack.environment.account): string {
  return workloadRole(stack, 'agent-volumes', account);
}

/** Every role that a service takes on in this environment. */
export function workloadRoles(
  stack: EnvironmentStack,
  account = stack.environment.account,
): string {
  return stack.arn('iam', `role${workloadPath(stack)}*`, { region: '', account });
}
