import { stackOf } from '../lib/environment-stack.ts';
import type { Statement } from '../lib/policy-document.ts';
import type { Cluster } from './cluster.ts';
import type { Site } from './site.ts';
import type { AgentTask } from './tasks/task.ts';

export interface Launched {
  readonly tasks: readonly AgentTask[];
  readonly volumeRoleArn: string | undefined;
  readonly deadLettersArn?: string;
}

/** Starting these tasks in this cluster, with their own roles, and nothing else. */
export function launchRights(
  site: Site,
  cluster: Cluster,
  { tasks, volumeRoleArn, deadLettersArn }: Launched,
): Statement[] {
  const { domain } = stackOf(site).partition;
  const passed = (service: string) => ({ StringEquals: { 'iam:PassedToService': service } });
  return [
    {
      sid: 'StartTasks',
      actions: ['ecs:RunTask'],
      resources: tasks.map(({ definition }) => `${definition.arnWithoutRevision}:*`),
      conditions: { ArnEquals: { 'ecs:cluster': cluster.arn } },
    },
    {
      sid: 'TagWhatIsStarted',
      actions: ['ecs:TagResource'],
      resources: [site.arn('ecs', `task/${cluster.name}/*`)],
      conditions: { StringEquals: { 'ecs:CreateAction': 'RunTask' } },
    },
    {
      sid: 'GiveTasksTheirRoles',
      actions: ['iam:PassRole'],
      resources: tasks.flatMap(({ roleArns }) => roleArns),
      conditions: passed('ecs-tasks.amazonaws.com'),
    },
    ...(volumeRoleArn === undefined
      ? []
      : [
          {
            sid: 'GiveVolumesTheirRole',
            actions: ['iam:PassRole'],
            resources: [volumeRoleArn],
            conditions: passed('ecs.amazonaws.com'),
          },
        ]),
    ...(deadLettersArn === undefined
      ? []
      : [
          { sid: 'KeepWhatFailed', actions: ['sqs:SendMessage'], resources: [deadLettersArn] },
          {
            sid: 'UseKey',
            actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
            resources: [site.key.arn],
            conditions: {
              StringEquals: {
                'kms:ViaService': ['scheduler', 'sqs'].map(
                  (name) => `${name}.${site.region}.${domain}`,
                ),
              },
            },
          },
        ]),
  ];
}
