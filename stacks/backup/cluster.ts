import { EcsCluster } from '@cdktf/provider-aws/lib/ecs-cluster/index.js';
import { CustomerKey } from '../constructs/customer-key.ts';
import { logGroup } from '../constructs/log-group.ts';
import { stackOf } from '../lib/environment-stack.ts';
import type { Statement } from '../lib/policy-document.ts';
import type { Site } from './site.ts';

export interface Cluster {
  readonly name: string;
  readonly arn: string;
  readonly logGroupName: string;
  readonly logGroupArn: string;
  /** Encrypts what tasks hold on disk. */
  readonly storageKey: CustomerKey;
}

/** Where a site's tasks run: what they write is encrypted, and what they say is kept. */
export function agentCluster(site: Site): Cluster {
  const stack = stackOf(site);
  const name = stack.named('agent');
  const storageKey = new CustomerKey(site, 'storage', {
    ...site.on,
    offsite: site.offsite,
    description: "Encrypts the storage of the agent's tasks",
    viaServices: ['ec2'],
    statements: fargateStorage(site, name),
  });
  const logs = logGroup(site, 'task-logs', {
    ...site.on,
    name: site.offsite ? 'agent-offsite' : 'agent',
    key: new CustomerKey(site, 'logs', {
      ...site.on,
      offsite: site.offsite,
      description: "Encrypts what the agent's tasks log",
      logGroups: true,
    }),
  });
  const cluster = new EcsCluster(site, 'cluster', {
    ...site.on,
    name,
    setting: [{ name: 'containerInsights', value: 'enhanced' }],
    configuration: {
      executeCommandConfiguration: {
        // Nobody gets a shell: the tasks allow none. Should one come to, it is logged.
        kmsKeyId: storageKey.arn,
        logging: 'OVERRIDE',
        logConfiguration: {
          cloudWatchEncryptionEnabled: true,
          cloudWatchLogGroupName: logs.name,
        },
      },
      managedStorageConfiguration: {
        fargateEphemeralStorageKmsKeyId: storageKey.arn,
        kmsKeyId: storageKey.arn,
      },
    },
  });
  return {
    name,
    arn: cluster.arn,
    logGroupName: logs.name,
    logGroupArn: logs.arn,
    storageKey,
  };
}

/**
 * What Fargate needs to encrypt its tasks' own storage.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-create-storage-key.html
 */
function fargateStorage(site: Site, clusterName: string): Statement[] {
  const ofCluster = {
    'kms:EncryptionContext:aws:ecs:clusterAccount': site.account,
    'kms:EncryptionContext:aws:ecs:clusterName': clusterName,
  };
  const fargate = { principal: { Service: 'fargate.amazonaws.com' }, resources: ['*'] } as const;
  return [
    {
      ...fargate,
      sid: 'EncryptTaskStorage',
      actions: ['kms:GenerateDataKeyWithoutPlaintext'],
      conditions: { StringEquals: ofCluster },
    },
    {
      ...fargate,
      sid: 'OpenTaskStorage',
      actions: ['kms:CreateGrant'],
      conditions: {
        StringEquals: ofCluster,
        'ForAllValues:StringEquals': { 'kms:GrantOperations': ['Decrypt'] },
      },
    },
  ];
}
