import { nist80053, iso27001, soc2 } from '../../controls/frameworks.ts';
import { forbids, grantsOnAnything } from '../../analysis/policies.ts';
import { coversAction } from '../../analysis/statements.ts';
import type { Rule } from '../../engine/rule.ts';

const writes = [
  's3:PutObject',
  's3:DeleteObject',
  'dynamodb:PutItem',
  'ec2:RunInstances',
  'lambda:UpdateFunctionCode',
  'rds:ModifyDBInstance',
  'rds:DeleteDBInstance',
  'sqs:SendMessage',
  'sns:Publish',
  'kms:Encrypt',
  'secretsmanager:PutSecretValue',
  'ssm:PutParameter',
  'backup:DeleteRecoveryPoint',
  'logs:DeleteLogGroup',
];

export const iamWritesBounded: Rule = {
  id: 'iam-writes-bounded',
  title: 'Policies change named resources only',
  severity: 'warning',
  rationale:
    'A right to change anything reaches the resources of every other system in the account.',
  remediation: 'Replace * by the ARNs, or add a condition on tags or names.',
  controls: [...nist80053('AC-6'), ...iso27001('A.8.3'), ...soc2('cc_3_3', 'cc_6_3')],
  check: forbids(
    'named resources for actions that change them',
    (statement) =>
      grantsOnAnything(statement) && writes.some((action) => coversAction(statement, action)),
  ),
};
