import type { Step } from './runbook.ts';

/** Finds the group that allows nothing, in the VPC that the first step found. */
export function findQuarantine(groupName: string): Step {
  return {
    name: 'findQuarantine',
    action: 'aws:executeAwsApi',
    description: 'Finds the security group that allows nothing',
    inputs: {
      Service: 'ec2',
      Api: 'DescribeSecurityGroups',
      Filters: [
        { Name: 'group-name', Values: [groupName] },
        { Name: 'vpc-id', Values: ['{{ describe.VpcId }}'] },
      ],
    },
    outputs: [{ Name: 'GroupId', Selector: '$.SecurityGroups[0].GroupId', Type: 'String' }],
  };
}

/**
 * Writes what the first step saw, the former groups among it, where nobody can change it. Where that fails
 * the isolation goes on: whoever is inside must be out first.
 */
export function keepFacts(bucket: string, target: string): Step {
  return {
    name: 'keepFacts',
    action: 'aws:executeScript',
    description: 'Keeps the state before the isolation as evidence',
    onFailure: 'Continue',
    isCritical: true,
    timeoutSeconds: 120,
    inputs: {
      Runtime: 'python3.11',
      Handler: 'keep',
      InputPayload: {
        bucket,
        key: `incidents/{{ Incident }}/${target}/{{ automation:EXECUTION_ID }}.json`,
        facts: '{{ describe.Facts }}',
      },
      Script: [
        'import json',
        'import boto3',
        '',
        'def keep(events, context):',
        '    boto3.client("s3").put_object(',
        '        Bucket=events["bucket"],',
        '        Key=events["key"],',
        '        Body=json.dumps(events["facts"], indent=2, sort_keys=True, default=str).encode(),',
        '        ContentType="application/json",',
        '    )',
        '    return {"key": events["key"]}',
        '',
      ].join('\n'),
    },
    outputs: [{ Name: 'Key', Selector: '$.Payload.key', Type: 'String' }],
  };
}
