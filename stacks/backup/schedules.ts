import { SchedulerScheduleGroup } from '@cdktf/provider-aws/lib/scheduler-schedule-group/index.js';
import {
  SchedulerSchedule,
  type SchedulerScheduleTarget,
} from '@cdktf/provider-aws/lib/scheduler-schedule/index.js';
import { SqsQueuePolicy } from '@cdktf/provider-aws/lib/sqs-queue-policy/index.js';
import { SqsQueue } from '@cdktf/provider-aws/lib/sqs-queue/index.js';
import { Construct } from 'constructs';
import type { Environment } from '../../contracts/environment.ts';
import { eventBridgeExpression } from '../../contracts/schedule.ts';
import { stackOf } from '../lib/environment-stack.ts';
import { policyDocument } from '../lib/policy-document.ts';
import { workloadRole } from '../lib/workload-role.ts';
import { parameterName } from './agent-configuration.ts';
import type { Cluster } from './cluster.ts';
import { launchRights } from './launch-rights.ts';
import type { Site } from './site.ts';
import { runsOf, startedByHand, watchOf, type Run, type TaskName } from './task-kinds.ts';
import type { AgentTask } from './tasks/task.ts';

export interface SchedulesConfig {
  readonly site: Site;
  readonly cluster: Cluster;
  readonly tasks: ReadonlyMap<TaskName, AgentTask>;
  readonly subnetIds: readonly string[];
  readonly securityGroupId: string;
  /** By which ECS attaches volumes; only where a task needs one. */
  readonly volumeRoleArn: string | undefined;
}

/** Every hour, at a minute at which little else starts. */
const watchSchedule = '48 * * * *';

/** A start is tried for so long; then it lies in the queue, and an alarm rings. */
const retries = { maximumEventAgeInSeconds: 3600, maximumRetryAttempts: 10 };
const queueDays = 14;

/**
 * One schedule for each job and kind that runs at a site. Each starts a task and is done: what the task
 * does is watched elsewhere, and one that starts twice does no harm, for the commit decides.
 */
export class Schedules extends Construct {
  readonly deadLetters: SqsQueue;
  readonly #config: SchedulesConfig;

  constructor(scope: Construct, id: string, config: SchedulesConfig) {
    super(scope, id);
    this.#config = config;
    const { site, cluster } = config;
    this.deadLetters = this.#queue();
    const { role } = workloadRole(this, 'schedule', {
      ...site.roleHome,
      name: site.offsite ? 'agent-schedule-offsite' : 'agent-schedule',
      description: "Starts the agent's tasks on their schedules",
      service: 'scheduler.amazonaws.com',
      rights: launchRights(site, cluster, {
        tasks: [...config.tasks].flatMap(([name, task]) => (startedByHand(name) ? [] : [task])),
        volumeRoleArn: config.volumeRoleArn,
        deadLettersArn: this.deadLetters.arn,
      }),
    });
    const group = new SchedulerScheduleGroup(this, 'group', {
      ...site.on,
      name: stackOf(this).named('agent'),
    });
    for (const { name, expression, task, command, job } of this.#runs())
      new SchedulerSchedule(this, name, {
        ...site.on,
        name,
        groupName: group.name,
        scheduleExpression: expression,
        scheduleExpressionTimezone: 'UTC',
        flexibleTimeWindow: { mode: 'OFF' },
        kmsKeyArn: site.key.arn,
        target: {
          ...this.#target(task, job, command),
          roleArn: role.arn,
          retryPolicy: retries,
          deadLetterConfig: { arn: this.deadLetters.arn },
        },
      });
  }

  /** What starts here: the runs whose task this site has. */
  *#runs() {
    for (const { job, kind, schedule, run } of scheduledRuns(stackOf(this).environment)) {
      const task = this.#config.tasks.get(run.task);
      if (!task) continue;
      const name = shortened(`${job}-${kind}`);
      yield { name, expression: eventBridgeExpression(schedule), task, command: run.command, job };
    }
  }

  #queue(): SqsQueue {
    const { site } = this.#config;
    const stack = stackOf(this);
    const queue = new SqsQueue(this, 'unstarted', {
      ...site.on,
      name: stack.named('agent-unstarted'),
      kmsMasterKeyId: site.key.arn,
      messageRetentionSeconds: queueDays * 86_400,
    });
    new SqsQueuePolicy(this, 'unstarted-policy', {
      ...site.on,
      queueUrl: queue.url,
      policy: policyDocument({
        sid: 'DenyPlaintext',
        effect: 'Deny',
        principal: '*',
        actions: ['sqs:*'],
        resources: [queue.arn],
        conditions: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
    });
    return queue;
  }

  #target(
    task: AgentTask,
    job: string,
    command: readonly string[],
  ): Omit<SchedulerScheduleTarget, 'roleArn'> {
    const place = `ssm:${parameterName(stackOf(this), job)}`;
    const overrides = {
      containerOverrides: [
        { name: 'agent', command, environment: [{ name: 'HOLDFAST_CONFIG', value: place }] },
      ],
    };
    return task.volumeGiB === undefined
      ? this.#templatedTarget(task, overrides)
      : this.#volumeTarget(task, task.volumeGiB, overrides);
  }

  #templatedTarget({ definition }: AgentTask, overrides: object) {
    const { cluster, subnetIds, securityGroupId } = this.#config;
    return {
      arn: cluster.arn,
      input: JSON.stringify(overrides),
      ecsParameters: {
        taskDefinitionArn: definition.arn,
        launchType: 'FARGATE',
        enableEcsManagedTags: true,
        propagateTags: 'TASK_DEFINITION',
        networkConfiguration: {
          subnets: [...subnetIds],
          securityGroups: [securityGroupId],
          assignPublicIp: false,
        },
      },
    };
  }

  /** The scheduler's own ECS target knows no volumes; its call of any API does. */
  #volumeTarget({ definition }: AgentTask, sizeGiB: number, overrides: object) {
    const { cluster, subnetIds, securityGroupId, volumeRoleArn } = this.#config;
    return {
      arn: `arn:${stackOf(this).partition.name}:scheduler:::aws-sdk:ecs:runTask`,
      input: JSON.stringify({
        Cluster: cluster.arn,
        TaskDefinition: definition.arn,
        LaunchType: 'FARGATE',
        EnableECSManagedTags: true,
        PropagateTags: 'TASK_DEFINITION',
        NetworkConfiguration: {
          AwsvpcConfiguration: {
            Subnets: [...subnetIds],
            SecurityGroups: [securityGroupId],
            AssignPublicIp: 'DISABLED',
          },
        },
        Overrides: inApiCase(overrides),
        VolumeConfigurations: [
          {
            Name: 'work',
            ManagedEBSVolume: {
              RoleArn: volumeRoleArn,
              Encrypted: true,
              KmsKeyId: cluster.storageKey.arn,
              VolumeType: 'gp3',
              SizeInGiB: sizeGiB,
              FilesystemType: 'xfs',
              TerminationPolicy: { DeleteOnTermination: true },
              TagSpecifications: [{ ResourceType: 'volume', PropagateTags: 'TASK_DEFINITION' }],
            },
          },
        ],
      }),
    };
  }
}

interface ScheduledRun {
  readonly job: string;
  readonly kind: string;
  readonly schedule: string;
  readonly run: Run;
}

function* scheduledRuns({ jobs }: Environment): Generator<ScheduledRun> {
  for (const [job, { schedules, copies }] of Object.entries(jobs)) {
    for (const [kind, schedule] of Object.entries(schedules))
      for (const run of schedule ? (runsOf[kind]?.(job, copies.length > 0) ?? []) : [])
        yield { job, kind, schedule: schedule ?? '', run };
    yield { job, kind: 'watch', schedule: watchSchedule, run: watchOf(job) };
  }
}

/** The scheduler's calls of an API name its fields with a capital, as its SDK for Java does. */
function inApiCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inApiCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key.charAt(0).toUpperCase() + key.slice(1),
      inApiCase(inner),
    ]),
  );
}

/** Schedules' names end at 64 characters. */
function shortened(name: string): string {
  return name.slice(0, 64);
}
