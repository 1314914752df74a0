import type { EnvironmentStack } from '../../lib/environment-stack.ts';
import type { Statement } from '../../lib/policy-document.ts';
import { changeRetention, look, never, own, readContent, type Duty } from './duties.ts';

function runTasks(stack: EnvironmentStack, kinds: readonly string[]): Statement[] {
  const mine = own(stack);
  return [
    {
      sid: 'RunTasks',
      actions: ['ecs:RunTask'],
      resources: kinds.map((kind) => mine.taskDefinitions(kind)),
      conditions: { ArnLike: { 'ecs:cluster': mine.clusters } },
    },
    { sid: 'StopTasks', actions: ['ecs:StopTask'], resources: [mine.tasks] },
    {
      sid: 'GiveTasksTheirRoles',
      actions: ['iam:PassRole'],
      resources: kinds.map((kind) => mine.roles(`${kind}*`)),
      conditions: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    },
  ];
}

/** Starts and watches backups. Can neither delete nor open one. */
export function backupOperator(stack: EnvironmentStack): Duty {
  const mine = own(stack);
  return {
    description: 'Starts and watches backups; can neither delete nor open one',
    rights: [
      look,
      ...runTasks(stack, ['agent-run', 'agent-copy', 'agent-verify']),
      {
        sid: 'StartBackups',
        actions: ['backup:StartBackupJob', 'backup:StartCopyJob', 'backup:StopBackupJob'],
        resources: [mine.vaults, mine.recoveryPoints],
      },
      {
        sid: 'ReadLogs',
        actions: ['logs:FilterLogEvents', 'logs:Get*'],
        resources: [mine.logGroups],
      },
    ],
    never: [never('NeverDelete', changeRetention), never('NeverOpen', readContent)],
  };
}

/** Restores and rehearses. Can change neither what is kept nor for how long, nor write a backup. */
export function restoreOperator(stack: EnvironmentStack): Duty {
  const mine = own(stack);
  return {
    description: 'Restores and rehearses; can change neither what is kept nor for how long',
    rights: [
      look,
      ...runTasks(stack, ['agent-restore', 'agent-drill', 'agent-verify']),
      {
        sid: 'RestoreByBackup',
        actions: ['backup:GetRecoveryPointRestoreMetadata', 'backup:StartRestoreJob'],
        resources: [mine.vaults, mine.recoveryPoints],
      },
      {
        sid: 'RestoreByRds',
        actions: [
          'rds:AddTagsToResource',
          'rds:RestoreDBInstanceFromDBSnapshot',
          'rds:RestoreDBInstanceToPointInTime',
        ],
        resources: [
          mine.databases,
          mine.snapshots,
          mine.parameterGroups,
          stack.arn('rds', `subgrp:${stack.named('*')}`),
        ],
      },
      {
        sid: 'ReadLogs',
        actions: ['logs:FilterLogEvents', 'logs:Get*'],
        resources: [mine.logGroups],
      },
    ],
    never: [
      never('NeverChangeRetention', changeRetention),
      never('NeverWriteBackups', ['backup:StartBackupJob', 's3:PutObject']),
    ],
  };
}
