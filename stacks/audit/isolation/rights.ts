import { neverWidenRights } from '../../identity/boundaries.ts';
import type { EnvironmentStack } from '../../lib/environment-stack.ts';
import type { Statement } from '../../lib/policy-document.ts';

/** What isolating takes: to look, to cut off, to mark, to take snapshots, to write evidence. */
export function isolationRights(
  stack: EnvironmentStack,
  { evidenceArn, keyArn }: { evidenceArn: string; keyArn: string },
): Statement[] {
  const { region } = stack.environment;
  const ec2 = (resource: string) => stack.arn('ec2', resource);
  const snapshots = stack.arn('ec2', 'snapshot/*', { account: '' });
  const database = stack.arn('rds', `db:${stack.named('*')}`);
  const marks = { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['Incident', 'IsolatedAt'] } };
  return [
    {
      sid: 'Look',
      actions: [
        'ec2:DescribeInstances',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSnapshots',
        'ec2:DescribeVolumes',
        'rds:DescribeDBInstances',
      ],
      resources: ['*'],
    },
    {
      sid: 'CutOffInterfaces',
      actions: ['ec2:ModifyNetworkInterfaceAttribute'],
      resources: [ec2('network-interface/*'), ec2('instance/*')],
    },
    {
      // Into the group that allows nothing, and into no other.
      sid: 'IntoQuarantine',
      actions: ['ec2:ModifyNetworkInterfaceAttribute'],
      resources: [ec2('security-group/*')],
      conditions: { StringEquals: { 'aws:ResourceTag/Name': quarantineName(stack) } },
    },
    {
      sid: 'ForbidTermination',
      actions: ['ec2:ModifyInstanceAttribute'],
      resources: [ec2('instance/*')],
      conditions: { StringEquals: { 'ec2:Attribute': 'DisableApiTermination' } },
    },
    { sid: 'Mark', actions: ['ec2:CreateTags'], resources: [ec2('instance/*')], conditions: marks },
    {
      sid: 'TakeSnapshots',
      actions: ['ec2:CreateSnapshots'],
      resources: [ec2('instance/*'), ec2('volume/*'), snapshots],
    },
    {
      sid: 'MarkNewSnapshots',
      actions: ['ec2:CreateTags'],
      resources: [snapshots],
      conditions: { StringEquals: { 'ec2:CreateAction': 'CreateSnapshots' } },
    },
    {
      sid: 'LockEvidence',
      actions: ['ec2:LockSnapshot'],
      resources: [snapshots],
      conditions: { Null: { 'aws:ResourceTag/Incident': 'false' } },
    },
    {
      sid: 'IsolateDatabases',
      actions: ['rds:AddTagsToResource', 'rds:CreateDBSnapshot', 'rds:ModifyDBInstance'],
      resources: [
        database,
        stack.arn('rds', `snapshot:${stack.named('*')}`),
        stack.arn('rds', `pg:${stack.named('*')}`),
      ],
    },
    {
      sid: 'KeepFacts',
      actions: ['s3:PutObject'],
      resources: [`${evidenceArn}/incidents/*`],
    },
    {
      sid: 'EncryptFacts',
      actions: ['kms:GenerateDataKey'],
      resources: [keyArn],
      conditions: { StringEquals: { 'kms:ViaService': `s3.${region}.${stack.partition.domain}` } },
    },
  ];
}

/** The most that isolating may ever take, whatever somebody adds to its rights. */
export function isolationBoundary(stack: EnvironmentStack): Statement[] {
  return [
    {
      sid: 'HomeRegion',
      actions: [
        'ec2:CreateSnapshots',
        'ec2:CreateTags',
        'ec2:Describe*',
        'ec2:LockSnapshot',
        'ec2:ModifyInstanceAttribute',
        'ec2:ModifyNetworkInterfaceAttribute',
        'kms:GenerateDataKey',
        'rds:AddTagsToResource',
        'rds:CreateDBSnapshot',
        'rds:Describe*',
        'rds:ModifyDBInstance',
        's3:PutObject',
      ],
      resources: ['*'],
      conditions: { StringEquals: { 'aws:RequestedRegion': stack.environment.region } },
    },
    neverWidenRights(),
  ];
}

/** The name of the security group that allows nothing; the network stack makes it. */
export const quarantineName = (stack: EnvironmentStack): string => stack.named('quarantine');
