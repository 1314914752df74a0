import type { EnvironmentStack } from '../../lib/environment-stack.ts';
import { auditResources } from '../boundaries.ts';
import { changeRetention, look, never, own, readContent, type Duty } from './duties.ts';

/** Keeps the platform running. Changes of it come by the deploy role, after a review. */
export function platformEngineer(stack: EnvironmentStack): Duty {
  const mine = own(stack);
  return {
    description: 'Keeps the platform running; changes of it come by the deploy role',
    rights: [
      look,
      {
        sid: 'RestartAndScale',
        actions: ['ecs:StopTask', 'ecs:UpdateService'],
        resources: [mine.services, mine.tasks],
      },
      {
        sid: 'ReadLogs',
        actions: ['logs:FilterLogEvents', 'logs:Get*'],
        resources: [mine.logGroups],
      },
      {
        sid: 'SilenceAlarms',
        actions: ['cloudwatch:DisableAlarmActions', 'cloudwatch:EnableAlarmActions'],
        resources: [stack.arn('cloudwatch', `alarm:${stack.named('*')}`)],
      },
      {
        sid: 'SeeFilters',
        actions: ['wafv2:Get*', 'wafv2:List*'],
        resources: [stack.arn('wafv2', '*')],
      },
    ],
    never: [
      never('NeverDeleteBackups', changeRetention),
      never('NeverReadContent', readContent),
      {
        sid: 'NeverTouchRecords',
        effect: 'Deny',
        actions: ['cloudwatch:DisableAlarmActions'],
        resources: auditResources(stack),
      },
    ],
  };
}

/** Runs the database. Reads it as `crm_admin`, by IAM; has no way to the backups. */
export function databaseAdministrator(stack: EnvironmentStack): Duty {
  const mine = own(stack);
  return {
    description: 'Runs the database; has no way to the backups',
    rights: [
      look,
      {
        sid: 'RunDatabase',
        actions: [
          'rds:CreateDBSnapshot',
          'rds:ModifyDBInstance',
          'rds:ModifyDBParameterGroup',
          'rds:RebootDBInstance',
        ],
        resources: [mine.databases, mine.snapshots, mine.parameterGroups],
      },
      { sid: 'SignIn', actions: ['rds-db:connect'], resources: [mine.databaseUsers] },
      {
        sid: 'SeeInsights',
        actions: ['pi:DescribeDimensionKeys', 'pi:Get*', 'pi:List*'],
        resources: [stack.arn('pi', 'metrics/rds/*')],
      },
      {
        sid: 'ReadDatabaseLogs',
        actions: ['logs:FilterLogEvents', 'logs:Get*'],
        resources: [mine.databaseLogs],
      },
    ],
    never: [
      never('NeverDeleteBackups', changeRetention),
      never('NeverReadFiles', ['s3:GetObject*', 'secretsmanager:GetSecretValue']),
    ],
  };
}

/** Sees how everything is set up and what happened; changes nothing and opens nothing. */
export function auditor(): Duty {
  return {
    description: 'Sees how everything is set up and what happened; changes and opens nothing',
    rights: [
      look,
      {
        sid: 'Inspect',
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
          'iam:GenerateCredentialReport',
          'iam:GenerateServiceLastAccessedDetails',
          'iam:Get*',
          'iam:List*',
          'kms:DescribeKey',
          'kms:GetKeyPolicy',
          'kms:GetKeyRotationStatus',
          'kms:List*',
          's3:GetBucket*',
          's3:GetEncryptionConfiguration',
          's3:GetLifecycleConfiguration',
          's3:GetReplicationConfiguration',
          'securityhub:Describe*',
          'securityhub:Get*',
          'wafv2:Get*',
          'wafv2:List*',
        ],
        resources: ['*'],
      },
    ],
    never: [
      never('NeverOpen', readContent),
      never('NeverChange', [
        'backup:Delete*',
        'backup:Put*',
        'backup:Start*',
        'ec2:Create*',
        'ec2:Delete*',
        'ec2:Modify*',
        'ecs:RunTask',
        'rds:Create*',
        'rds:Delete*',
        'rds:Modify*',
        's3:Delete*',
        's3:Put*',
      ]),
    ],
  };
}

/** Talks to AWS Support and sees whether things run. */
export function support(): Duty {
  return {
    description: 'Talks to AWS Support and sees whether things run',
    rights: [look, { sid: 'TalkToSupport', actions: ['support:*'], resources: ['*'] }],
    never: [never('NeverDelete', changeRetention), never('NeverOpen', readContent)],
  };
}
