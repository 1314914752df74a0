import { nist80053 } from '../../controls/frameworks.ts';
import { forbids, grantsOnAnything } from '../../analysis/policies.ts';
import { coversAction } from '../../analysis/statements.ts';
import type { Rule } from '../../engine/rule.ts';

const permissions = [
  'iam:PutRolePolicy',
  'iam:AttachRolePolicy',
  'iam:CreateRole',
  'iam:UpdateAssumeRolePolicy',
  's3:PutBucketPolicy',
  'kms:PutKeyPolicy',
  'lambda:AddPermission',
  'sns:SetTopicAttributes',
  'secretsmanager:PutResourcePolicy',
  'ecr:SetRepositoryPolicy',
  'backup:PutBackupVaultAccessPolicy',
  'organizations:AttachPolicy',
];

export const iamPermissionsBounded: Rule = {
  id: 'iam-permissions-bounded',
  title: 'Policies change the permissions of named resources only',
  severity: 'error',
  rationale: 'A right to rewrite any policy is a right to everything that policies guard.',
  remediation: 'Replace * by the ARNs, or add a condition such as iam:PermissionsBoundary.',
  controls: [...nist80053('AC-6', 'AC-5b')],
  check: forbids(
    'named resources for actions that change permissions',
    (statement) =>
      grantsOnAnything(statement) && permissions.some((action) => coversAction(statement, action)),
  ),
};
