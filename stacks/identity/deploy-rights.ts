import { stateBucketName } from '../lib/backend.ts';
import type { EnvironmentStack } from '../lib/environment-stack.ts';
import type { Statement } from '../lib/policy-document.ts';
import { auditResources, globalRegion, vaultObjects, workloadRoles } from './boundaries.ts';

/** Services that the stacks consist of, without IAM and without what records and watches CI itself. */
const services = [
  'acm',
  'backup',
  'cloudwatch',
  'cognito-idp',
  'ec2',
  'ecr',
  'ecs',
  'elasticfilesystem',
  'elasticloadbalancing',
  'events',
  'kms',
  'logs',
  'network-firewall',
  'rds',
  'route53',
  'route53resolver',
  's3',
  'scheduler',
  'secretsmanager',
  'sns',
  'sqs',
  'ssm',
  'wafv2',
] as const;

/** What stays closed to the machine that builds the stacks: what they will hold. */
function closedContent(stack: EnvironmentStack): Statement[] {
  const state = `arn:${stack.partition.name}:s3:::${stateBucketName(stack.environment)}`;
  const { signIn } = stack.environment.edge;
  const clientSecret = signIn.type === 'oidc' ? [signIn.clientSecretArn] : [];
  return [
    {
      sid: 'NeverReadOrDeleteObjects',
      effect: 'Deny',
      actions: [
        's3:BypassGovernanceRetention',
        's3:DeleteObject*',
        's3:GetObject',
        's3:GetObjectVersion',
      ],
      notResources: [`${state}/*`],
    },
    {
      sid: 'NeverTouchRecords',
      effect: 'Deny',
      actions: ['*'],
      resources: auditResources(stack),
    },
    {
      // Who applies the audit and identity stacks trusts what their states say.
      sid: 'NeverForgeStates',
      effect: 'Deny',
      actions: ['s3:DeleteObject*', 's3:PutObject'],
      resources: ['audit', 'identity'].map((name) => `${state}/${name}.tfstate*`),
    },
    {
      sid: 'NeverForgeBackups',
      effect: 'Deny',
      actions: ['s3:PutObject'],
      resources: vaultObjects(stack),
    },
    {
      sid: 'NeverReadSecrets',
      effect: 'Deny',
      actions: ['secretsmanager:GetSecretValue'],
      ...(clientSecret.length > 0 ? { notResources: clientSecret } : { resources: ['*'] }),
    },
    {
      sid: 'NeverDeleteBackups',
      effect: 'Deny',
      actions: [
        'backup:DeleteBackupVault',
        'backup:DeleteBackupVaultLockConfiguration',
        'backup:DeleteRecoveryPoint',
        'kms:ScheduleKeyDeletion',
        'rds-db:connect',
        'rds:DeleteDBInstanceAutomatedBackup',
        'rds:DeleteDBSnapshot',
      ],
      resources: ['*'],
    },
  ];
}

/** The first load balancer, database, … of an account makes its service's own role. */
function serviceLinkedRoles(stack: EnvironmentStack): Statement {
  return {
    sid: 'LetServicesMakeTheirOwn',
    actions: ['iam:CreateServiceLinkedRole'],
    resources: [stack.arn('iam', 'role/aws-service-role/*', { region: '' })],
    conditions: {
      StringEquals: {
        'iam:AWSServiceName': [
          'backup.amazonaws.com',
          'clientvpn.amazonaws.com',
          'clientvpn-connections.amazonaws.com',
          'ecs.amazonaws.com',
          'elasticfilesystem.amazonaws.com',
          'elasticloadbalancing.amazonaws.com',
          'network-firewall.amazonaws.com',
          'rds.amazonaws.com',
          's2svpn.amazonaws.com',
          'wafv2.amazonaws.com',
        ],
      },
    },
  };
}

/**
 * Roles of services, inside their boundary. Whom a standing role trusts cannot be changed from CI: that
 * would let CI take it on (IAM has no condition on what a trust policy says).
 */
function buildRoles(stack: EnvironmentStack, workloadBoundary: string): Statement[] {
  const roles = [workloadRoles(stack)];
  return [
    {
      sid: 'MakeBoundedRoles',
      actions: [
        'iam:AttachRolePolicy',
        'iam:CreateRole',
        'iam:DeleteRolePolicy',
        'iam:DetachRolePolicy',
        'iam:PutRolePolicy',
      ],
      resources: roles,
      conditions: { StringEquals: { 'iam:PermissionsBoundary': workloadBoundary } },
    },
    {
      sid: 'KeepRoles',
      actions: [
        'iam:DeleteRole',
        'iam:GetRole*',
        'iam:List*',
        'iam:TagRole',
        'iam:UntagRole',
        'iam:UpdateRole',
      ],
      resources: roles,
    },
    serviceLinkedRoles(stack),
    {
      sid: 'GiveRolesToServices',
      actions: ['iam:PassRole'],
      resources: roles,
      conditions: {
        StringEquals: {
          'iam:PassedToService': [
            'backup.amazonaws.com',
            'ecs-tasks.amazonaws.com',
            'ecs.amazonaws.com',
            'events.amazonaws.com',
            'monitoring.rds.amazonaws.com',
            's3.amazonaws.com',
            'scheduler.amazonaws.com',
            'vpc-flow-logs.amazonaws.com',
          ],
        },
      },
    },
  ];
}

/** What deploying the stacks takes. */
export function deployRights(stack: EnvironmentStack, workloadBoundary: string): Statement[] {
  const { environment } = stack;
  return [
    {
      sid: 'BuildStacks',
      actions: services.map((service) => `${service}:*`),
      resources: ['*'],
      conditions: {
        StringEquals: {
          'aws:RequestedRegion': [
            ...new Set([environment.region, environment.offsite.region, globalRegion(stack)]),
          ],
        },
      },
    },
    ...buildRoles(stack, workloadBoundary),
    ...closedContent(stack),
  ];
}

/** The same once more, without the regions: what holds even if somebody adds to the rights. */
export function deployBoundary(stack: EnvironmentStack, workloadBoundary: string): Statement[] {
  return [
    {
      sid: 'BuildStacks',
      actions: services.map((service) => `${service}:*`),
      resources: ['*'],
    },
    ...buildRoles(stack, workloadBoundary),
    ...closedContent(stack),
  ];
}
