import type { EnvironmentStack } from '../../lib/environment-stack.ts';
import type { Statement } from '../../lib/policy-document.ts';
import { ephemeralLimitGiB } from '../../../contracts/environment/backup-section.ts';
import { volumesRole } from '../boundaries.ts';
import { duties, roleArn, starterArn } from '../../backup/roles.ts';
import { taskKinds, type TaskName } from '../../backup/task-kinds.ts';
import { changeRetention, look, never, own, readContent, type Duty } from './duties.ts';

const restoring: readonly TaskName[] = [
  'restore',
  'restore-offsite',
  'drill',
  'verify',
  'verify-offsite',
];

/** Starting these tasks of the agent in its clusters, with their own roles, and no other. */
function runTasks(stack: EnvironmentStack, names: readonly TaskName[]): Statement[] {
  const tasks = names.map((name) => taskPlace(stack, name)).filter(({ reachable }) => reachable);
  const regions = [...new Set(tasks.map(({ region }) => region))];
  const inAgentCluster = (kind: string, rest: string) =>
    regions.map((region) => stack.arn('ecs', `${kind}/${stack.named('agent')}${rest}`, { region }));
  return [
    {
      sid: 'RunTasks',
      actions: ['ecs:RunTask'],
      resources: tasks.map(({ definition }) => definition),
      conditions: { ArnEquals: { 'ecs:cluster': inAgentCluster('cluster', '') } },
    },
    {
      sid: 'TagWhatIsStarted',
      actions: ['ecs:TagResource'],
      resources: inAgentCluster('task', '/*'),
      conditions: { StringEquals: { 'ecs:CreateAction': 'RunTask' } },
    },
    { sid: 'StopTasks', actions: ['ecs:StopTask'], resources: inAgentCluster('task', '/*') },
    {
      sid: 'GiveTasksTheirRoles',
      actions: ['iam:PassRole'],
      resources: tasks.flatMap(({ roles }) => roles),
      conditions: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    },
  ];
}

/** A large drill brings its volume along, which ECS attaches by a role of its own. */
function giveVolumesTheirRole(stack: EnvironmentStack): Statement[] {
  const { environment, offsiteAccount } = stack;
  const needed = environment.backup.drill.storageGiB > ephemeralLimitGiB;
  if (!needed || offsiteAccount !== environment.account) return [];
  return [
    {
      sid: 'GiveVolumesTheirRole',
      actions: ['iam:PassRole'],
      resources: [volumesRole(stack)],
      conditions: { StringEquals: { 'iam:PassedToService': 'ecs.amazonaws.com' } },
    },
  ];
}

/** Where a task is defined and by which roles it runs. Another account's tasks are not ours to start. */
function taskPlace(stack: EnvironmentStack, name: TaskName) {
  const { environment, offsiteAccount } = stack;
  const { duty } = taskKinds[name];
  const { offsite } = duties[duty];
  const region = offsite ? environment.offsite.region : environment.region;
  return {
    region,
    reachable: !offsite || offsiteAccount === environment.account,
    definition: stack.arn('ecs', `task-definition/${stack.named(`agent-${name}`)}:*`, { region }),
    roles: [roleArn(stack, duty), starterArn(stack, duty).arn],
  };
}

/** Starts and watches backups. Can neither delete nor open one. */
export function backupOperator(stack: EnvironmentStack): Duty {
  const mine = own(stack);
  return {
    description: 'Starts and watches backups; can neither delete nor open one',
    rights: [
      look,
      ...runTasks(stack, ['run', 'copy', 'verify']),
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
      ...runTasks(stack, restoring),
      ...giveVolumesTheirRole(stack),
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

/**
 * Holds backups, lets them go and writes the erasure ledger, by tasks alone. Neither backs up nor restores:
 * what the ledger says runs in every later restore, so its keeper must not be who restores.
 */
export function backupCurator(stack: EnvironmentStack): Duty {
  return {
    description: 'Holds and releases backups and keeps the erasure ledger; opens and deletes none',
    rights: [
      look,
      ...runTasks(stack, ['curate', 'curate-offsite']),
      {
        sid: 'ReadLogs',
        actions: ['logs:FilterLogEvents', 'logs:Get*'],
        resources: [own(stack).logGroups],
      },
    ],
    never: [never('NeverDelete', changeRetention), never('NeverOpen', readContent)],
  };
}
