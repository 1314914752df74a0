import { IamRolePolicyAttachment } from '@cdktf/provider-aws/lib/iam-role-policy-attachment/index.js';
import type { IamRole } from '@cdktf/provider-aws/lib/iam-role/index.js';
import type { Construct } from 'constructs';
import { stackOf } from '../../lib/environment-stack.ts';
import { workloadRole } from '../../lib/workload-role.ts';

const managedPolicies = {
  backup: 'service-role/AWSBackupServiceRolePolicyForBackup',
  restore: 'service-role/AWSBackupServiceRolePolicyForRestores',
  's3-backup': 'AWSBackupServiceRolePolicyForS3Backup',
  's3-restore': 'AWSBackupServiceRolePolicyForS3Restore',
} as const;

/** The role of AWS Backup itself, with AWS's own policies for it, inside the boundary. */
export function serviceRole(scope: Construct): IamRole {
  const stack = stackOf(scope);
  const { role } = workloadRole(scope, 'service', {
    name: 'aws-backup',
    description: 'Lets AWS Backup back up, copy and restore',
    service: 'backup.amazonaws.com',
  });
  for (const [id, name] of Object.entries(managedPolicies))
    new IamRolePolicyAttachment(scope, `service-${id}`, {
      role: role.name,
      policyArn: stack.arn('iam', `policy/${name}`, { region: '', account: 'aws' }),
    });
  return role;
}
