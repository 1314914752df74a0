import { incidentParameter, incidentTags, type Runbook } from './runbook.ts';
import { findQuarantine, keepFacts } from './steps.ts';

export interface IsolationConfig {
  readonly roleArn: string;
  readonly quarantineGroupName: string;
  readonly evidenceBucketName: string;
}

export interface SnapshotLock {
  readonly mode: 'compliance' | 'governance';
  readonly days: number;
}

/**
 * Cuts an instance off from everything, and keeps what it was: facts, disks, tags. It is neither stopped
 * nor rebooted: its memory may be evidence.
 */
export function isolateInstance(config: IsolationConfig, lock: SnapshotLock): Runbook {
  return {
    description:
      'Isolates an EC2 instance: keeps the facts, cuts the network, forbids termination, tags, takes snapshots and locks them.',
    roleArn: config.roleArn,
    parameters: {
      InstanceId: {
        description: 'The instance, such as i-0123456789abcdef0',
        allowedPattern: '^i-[0-9a-f]{8,17}$',
      },
      ...incidentParameter,
    },
    steps: [
      {
        name: 'describe',
        action: 'aws:executeAwsApi',
        description: 'Looks at the instance',
        inputs: {
          Service: 'ec2',
          Api: 'DescribeInstances',
          InstanceIds: ['{{ InstanceId }}'],
        },
        outputs: [
          { Name: 'VpcId', Selector: '$.Reservations[0].Instances[0].VpcId', Type: 'String' },
          {
            Name: 'InterfaceIds',
            Selector: '$.Reservations[0].Instances[0].NetworkInterfaces..NetworkInterfaceId',
            Type: 'StringList',
          },
          { Name: 'Facts', Selector: '$.Reservations[0].Instances[0]', Type: 'StringMap' },
        ],
      },
      findQuarantine(config.quarantineGroupName),
      keepFacts(config.evidenceBucketName, '{{ InstanceId }}'),
      {
        name: 'isolate',
        action: 'aws:loop',
        description: 'Gives every network interface the group that allows nothing, and no other',
        inputs: {
          Iterators: '{{ describe.InterfaceIds }}',
          IteratorDataType: 'String',
          Steps: [
            {
              name: 'cutOff',
              action: 'aws:executeAwsApi',
              description: 'Cuts one network interface off',
              inputs: {
                Service: 'ec2',
                Api: 'ModifyNetworkInterfaceAttribute',
                NetworkInterfaceId: '{{ isolate.CurrentIteratorValue }}',
                Groups: ['{{ findQuarantine.GroupId }}'],
              },
            },
          ],
        },
      },
      {
        name: 'protect',
        action: 'aws:executeAwsApi',
        description: 'Forbids to terminate it',
        onFailure: 'Continue',
        isCritical: true,
        inputs: {
          Service: 'ec2',
          Api: 'ModifyInstanceAttribute',
          InstanceId: '{{ InstanceId }}',
          DisableApiTermination: { Value: true },
        },
      },
      {
        name: 'tag',
        action: 'aws:executeAwsApi',
        description: 'Names the incident on it',
        onFailure: 'Continue',
        isCritical: true,
        inputs: {
          Service: 'ec2',
          Api: 'CreateTags',
          Resources: ['{{ InstanceId }}'],
          Tags: incidentTags,
        },
      },
      {
        name: 'snapshot',
        action: 'aws:executeAwsApi',
        description: 'Takes snapshots of all disks at one moment',
        inputs: {
          Service: 'ec2',
          Api: 'CreateSnapshots',
          Description: 'Evidence of incident {{ Incident }}',
          InstanceSpecification: { InstanceId: '{{ InstanceId }}', ExcludeBootVolume: false },
          CopyTagsFromSource: 'volume',
          TagSpecifications: [{ ResourceType: 'snapshot', Tags: incidentTags }],
        },
        outputs: [{ Name: 'SnapshotIds', Selector: '$.Snapshots..SnapshotId', Type: 'StringList' }],
      },
      {
        name: 'lock',
        action: 'aws:loop',
        description: 'Locks the snapshots, so that nobody deletes them',
        isEnd: true,
        inputs: {
          Iterators: '{{ snapshot.SnapshotIds }}',
          IteratorDataType: 'String',
          Steps: [
            {
              name: 'lockOne',
              action: 'aws:executeAwsApi',
              description: 'Locks one snapshot',
              inputs: {
                Service: 'ec2',
                Api: 'LockSnapshot',
                SnapshotId: '{{ lock.CurrentIteratorValue }}',
                LockMode: lock.mode,
                LockDuration: lock.days,
              },
            },
          ],
        },
      },
    ],
  };
}
