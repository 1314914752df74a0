import { DbEventSubscription } from '@cdktf/provider-aws/lib/db-event-subscription/index.js';
import { Construct } from 'constructs';
import { alarm, type AlarmConfig } from '../constructs/alarm.ts';
import { stackOf } from '../lib/environment-stack.ts';

const GiB = 2 ** 30;

type Watch = Pick<AlarmConfig, 'description' | 'metric' | 'statistic' | 'when' | 'threshold'>;

/** Alarms on what stops a database, and on what its logical slot may do to it. */
export class DatabaseAlarms extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { identifier, topicArn }: { identifier: string; topicArn: string },
  ) {
    super(scope, id);
    for (const [name, watch] of Object.entries(this.#watches()))
      alarm(this, `database-${name}`, {
        ...watch,
        namespace: 'AWS/RDS',
        dimensions: { DBInstanceIdentifier: identifier },
        topicArn,
      });
    new DbEventSubscription(this, 'events', {
      name: stackOf(this).named('database-events'),
      snsTopic: topicArn,
      sourceType: 'db-instance',
      sourceIds: [identifier],
      eventCategories: [
        'availability',
        'configuration change',
        'deletion',
        'failover',
        'failure',
        'low storage',
        'maintenance',
        'recovery',
        'restoration',
      ],
    });
  }

  #watches(): Readonly<Record<string, Watch>> {
    const { storageGiB, maxSlotWalGiB } = stackOf(this).environment.data;
    const slotLimit = maxSlotWalGiB * GiB;
    return {
      storage: {
        description: 'Less than a tenth of the first storage is free',
        metric: 'FreeStorageSpace',
        statistic: 'Minimum',
        when: 'below',
        threshold: (storageGiB * GiB) / 10,
      },
      connections: {
        description: 'More connections than the CRM opens: a leak, or somebody else',
        metric: 'DatabaseConnections',
        statistic: 'Maximum',
        when: 'above',
        threshold: 200,
      },
      'replica-lag': {
        description: 'A read replica is more than five minutes behind (silent without replicas)',
        metric: 'ReplicaLag',
        statistic: 'Maximum',
        when: 'above',
        threshold: 300,
      },
      'slot-lag': {
        description:
          "The oldest replication slot holds back half of what it may: backups don't read it",
        metric: 'OldestReplicationSlotLag',
        statistic: 'Maximum',
        when: 'above',
        threshold: slotLimit / 2,
      },
      'wal-disk': {
        description: 'Write-ahead logs take more disk than the slots may hold back',
        metric: 'TransactionLogsDiskUsage',
        statistic: 'Maximum',
        when: 'above',
        threshold: slotLimit,
      },
      'transaction-ids': {
        description: 'Transaction ids run out in a while: vacuum does not keep up',
        metric: 'MaximumUsedTransactionIDs',
        statistic: 'Maximum',
        when: 'above',
        threshold: 1_000_000_000,
      },
      cpu: {
        description: 'The processor is busy for a quarter of an hour',
        metric: 'CPUUtilization',
        statistic: 'Average',
        when: 'above',
        threshold: 90,
      },
    };
  }
}
