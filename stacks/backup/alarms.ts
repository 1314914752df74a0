import { CloudwatchEventRule } from '@cdktf/provider-aws/lib/cloudwatch-event-rule/index.js';
import { CloudwatchEventTarget } from '@cdktf/provider-aws/lib/cloudwatch-event-target/index.js';
import { Construct } from 'constructs';
import { alarm } from '../constructs/alarm.ts';
import { stackOf } from '../lib/environment-stack.ts';
import type { AgentSite } from './agent-site.ts';
import type { Site } from './site.ts';
import { roleArn } from './roles.ts';
import { taskEvents, vaultEvents, type WatchedEvents } from './watched-events.ts';
import type { Vault } from './vault.ts';

export interface AlarmsConfig {
  readonly site: Site;
  readonly agent: AgentSite;
  readonly vault: Vault;
  /** Of the site's own region: an alarm must not need the other one. */
  readonly topicArn: string;
}

/** Versions that go within a quarter of an hour; a prune of one job deletes far fewer. */
const manyDeletions = 20_000;
/** Periods of five minutes without a word of the watch. */
const silentPeriods = 36;

/**
 * What people are told of the backups at a site. Whether they are late, and copies and drills with them,
 * is judged by the agent itself, every hour, by the jobs' objectives: `status --check` ends with 1 or 2,
 * and is told as any other task that fails. That this watch goes on is watched from outside.
 */
export class BackupAlarms extends Construct {
  readonly #config: AlarmsConfig;
  readonly #suffix: string;

  constructor(scope: Construct, id: string, config: AlarmsConfig) {
    super(scope, id);
    this.#config = config;
    const { agent, vault, site } = config;
    this.#suffix = site.offsite ? '-offsite' : '';
    const pruner = roleArn(stackOf(this), site.offsite ? 'offsitePruner' : 'pruner');
    const keys = [vault.key, site.key, agent.cluster.storageKey];
    for (const [name, events] of Object.entries({
      ...taskEvents(agent.cluster),
      ...vaultEvents({ bucketName: vault.bucket.name, prunerArn: pruner, keys }),
    }))
      this.#tell(name, events);
    this.#unstarted();
    this.#deletions();
    if (!site.offsite) this.#watch();
  }

  #named(name: string): string {
    return `backup-${name}${this.#suffix}`;
  }

  #rule(name: string, { description, pattern }: WatchedEvents): CloudwatchEventRule {
    return new CloudwatchEventRule(this, name, {
      ...this.#config.site.on,
      name: stackOf(this).named(this.#named(name)),
      description,
      eventPattern: JSON.stringify(pattern),
    });
  }

  #tell(name: string, events: WatchedEvents): void {
    const rule = this.#rule(name, events);
    new CloudwatchEventTarget(this, `${name}-told`, {
      ...this.#config.site.on,
      rule: rule.name,
      arn: this.#config.topicArn,
    });
  }

  #unstarted(): void {
    const { agent, topicArn, site } = this.#config;
    alarm(this, this.#named('unstarted'), {
      ...site.on,
      description: 'A schedule could not start its task: see the queue, and the schedule',
      namespace: 'AWS/SQS',
      metric: 'ApproximateNumberOfMessagesVisible',
      dimensions: { QueueName: agent.schedules.deadLetters.name },
      statistic: 'Maximum',
      when: 'above',
      threshold: 0,
      periods: 1,
      topicArn,
    });
  }

  #deletions(): void {
    const { vault, topicArn, site } = this.#config;
    const rule = this.#rule('deletions', {
      description: 'Counts the versions that leave the vault',
      pattern: {
        source: ['aws.s3'],
        'detail-type': ['Object Deleted'],
        detail: { bucket: { name: [vault.bucket.name] } },
      },
    });
    alarm(this, this.#named('many-deletions'), {
      ...site.on,
      description: 'Unusually many versions leave the vault of backups',
      namespace: 'AWS/Events',
      metric: 'MatchedEvents',
      dimensions: { RuleName: rule.name },
      statistic: 'Sum',
      when: 'above',
      threshold: manyDeletions / 3,
      topicArn,
    });
  }

  #watch(): void {
    const { agent, topicArn } = this.#config;
    const rule = this.#rule('watch', {
      description: 'Counts the hourly looks at the objectives',
      pattern: {
        source: ['aws.ecs'],
        'detail-type': ['ECS Task State Change'],
        detail: {
          clusterArn: [agent.cluster.arn],
          lastStatus: ['STOPPED'],
          overrides: { containerOverrides: { command: ['status'] } },
          containers: { exitCode: [0, 1, 2] },
        },
      },
    });
    alarm(this, 'backup-unwatched', {
      description: 'For three hours nobody has looked whether backups, copies and drills are late',
      namespace: 'AWS/Events',
      metric: 'MatchedEvents',
      dimensions: { RuleName: rule.name },
      statistic: 'Sum',
      when: 'below',
      threshold: 1,
      periods: silentPeriods,
      silence: 'breaching',
      topicArn,
    });
  }
}
