import type { IsolationConfig } from './isolate-instance.ts';
import { incidentParameter, incidentTags, type Runbook } from './runbook.ts';
import { findQuarantine, keepFacts } from './steps.ts';

/** Cuts a database off from everything, and keeps what it was: facts, a snapshot, tags. */
export function isolateDatabase(config: IsolationConfig): Runbook {
  return {
    description:
      'Isolates an RDS database: keeps the facts, cuts the network, forbids deletion, tags and takes a snapshot.',
    roleArn: config.roleArn,
    parameters: {
      DatabaseId: {
        description: 'The DB instance, such as holdfast-production-crm',
        allowedPattern: '^[a-z][a-z0-9-]{0,62}$',
      },
      ...incidentParameter,
    },
    steps: [
      {
        name: 'describe',
        action: 'aws:executeAwsApi',
        description: 'Looks at the database',
        inputs: {
          Service: 'rds',
          Api: 'DescribeDBInstances',
          DBInstanceIdentifier: '{{ DatabaseId }}',
        },
        outputs: [
          { Name: 'VpcId', Selector: '$.DBInstances[0].DBSubnetGroup.VpcId', Type: 'String' },
          { Name: 'Arn', Selector: '$.DBInstances[0].DBInstanceArn', Type: 'String' },
          { Name: 'Facts', Selector: '$.DBInstances[0]', Type: 'StringMap' },
        ],
      },
      findQuarantine(config.quarantineGroupName),
      keepFacts(config.evidenceBucketName, '{{ DatabaseId }}'),
      {
        name: 'isolate',
        action: 'aws:executeAwsApi',
        description: 'Gives it the group that allows nothing, and forbids to delete it',
        inputs: {
          Service: 'rds',
          Api: 'ModifyDBInstance',
          DBInstanceIdentifier: '{{ DatabaseId }}',
          VpcSecurityGroupIds: ['{{ findQuarantine.GroupId }}'],
          DeletionProtection: true,
          ApplyImmediately: true,
        },
      },
      {
        name: 'tag',
        action: 'aws:executeAwsApi',
        description: 'Names the incident on it',
        onFailure: 'Continue',
        isCritical: true,
        inputs: {
          Service: 'rds',
          Api: 'AddTagsToResource',
          ResourceName: '{{ describe.Arn }}',
          Tags: incidentTags,
        },
      },
      {
        name: 'settle',
        action: 'aws:waitForAwsResourceProperty',
        description: 'Waits until RDS takes a snapshot again',
        onFailure: 'Continue',
        isCritical: false,
        timeoutSeconds: 900,
        inputs: {
          Service: 'rds',
          Api: 'DescribeDBInstances',
          DBInstanceIdentifier: '{{ DatabaseId }}',
          PropertySelector: '$.DBInstances[0].DBInstanceStatus',
          DesiredValues: ['available'],
        },
      },
      {
        name: 'snapshot',
        action: 'aws:executeAwsApi',
        description: 'Takes a snapshot',
        isEnd: true,
        inputs: {
          Service: 'rds',
          Api: 'CreateDBSnapshot',
          DBInstanceIdentifier: '{{ DatabaseId }}',
          DBSnapshotIdentifier: '{{ DatabaseId }}-{{ Incident }}',
          Tags: incidentTags,
        },
      },
    ],
  };
}
