import type { IamRole } from '@cdktf/provider-aws/lib/iam-role/index.js';
import { stackOf } from '../lib/environment-stack.ts';
import type { Statement } from '../lib/policy-document.ts';
import { workloadRole } from '../lib/workload-role.ts';
import type { Cluster } from './cluster.ts';
import type { Site } from './site.ts';

export const volumeRoleName = 'agent-volumes';

/** By this tag ECS knows the volumes that it made; it puts it on itself. */
const managedByEcs = { 'aws:RequestTag/AmazonECSManaged': 'true' };
const ofEcs = { 'aws:ResourceTag/AmazonECSManaged': 'true' };

/**
 * The role by which ECS makes, attaches and deletes the volumes of tasks. The rights are those of AWS's
 * AmazonECSInfrastructureRolePolicyForVolumes, for this region and this key.
 */
export function volumeRole(site: Site, cluster: Cluster): IamRole {
  return workloadRole(site, 'volumes', {
    ...site.roleHome,
    name: volumeRoleName,
    description: 'Lets ECS attach volumes to large drills',
    service: 'ecs.amazonaws.com',
    rights: volumeRights(site, cluster),
  }).role;
}

function volumeRights(site: Site, { storageKey }: Cluster): Statement[] {
  const { domain } = stackOf(site).partition;
  const volumes = [site.arn('ec2', 'volume/*')];
  const viaEc2 = { 'kms:ViaService': `ec2.${site.region}.${domain}` };
  return [
    {
      sid: 'MakeVolumes',
      actions: ['ec2:CreateVolume'],
      resources: volumes,
      conditions: { StringEquals: managedByEcs },
    },
    {
      sid: 'TagNewVolumes',
      actions: ['ec2:CreateTags'],
      resources: volumes,
      conditions: { StringEquals: { ...managedByEcs, 'ec2:CreateAction': 'CreateVolume' } },
    },
    {
      sid: 'LookAtVolumes',
      actions: ['ec2:DescribeAvailabilityZones', 'ec2:DescribeVolumes'],
      resources: ['*'],
    },
    {
      sid: 'AttachVolumes',
      actions: ['ec2:AttachVolume', 'ec2:DeleteVolume', 'ec2:DetachVolume'],
      resources: volumes,
      conditions: { StringEquals: ofEcs },
    },
    {
      sid: 'AttachToTasks',
      actions: ['ec2:AttachVolume', 'ec2:DetachVolume'],
      resources: [site.arn('ec2', 'instance/*')],
      conditions: { StringEquals: ofEcs },
    },
    {
      sid: 'EncryptVolumes',
      actions: ['kms:Decrypt', 'kms:GenerateDataKeyWithoutPlaintext', 'kms:ReEncrypt*'],
      resources: [storageKey.arn],
      conditions: { StringEquals: viaEc2 },
    },
    {
      sid: 'LetVolumesUseTheKey',
      actions: ['kms:CreateGrant'],
      resources: [storageKey.arn],
      conditions: { StringEquals: viaEc2, Bool: { 'kms:GrantIsForAWSResource': 'true' } },
    },
  ];
}
