import { afsbp, nist80053, iso27001, gdpr, soc2 } from '../../controls/frameworks.ts';
import { forbids, grantsOnAnything } from '../../analysis/policies.ts';
import { coversAction } from '../../analysis/statements.ts';
import type { Rule } from '../../engine/rule.ts';

const reads = [
  's3:GetObject',
  'ssm:GetParameter',
  'ssm:GetParameters',
  'ssm:GetParametersByPath',
  'secretsmanager:GetSecretValue',
  'dynamodb:GetItem',
  'kms:Decrypt',
  'rds:DownloadDBLogFilePortion',
];

export const iamNoDataExfiltration: Rule = {
  id: 'iam-no-data-exfiltration',
  title: 'Policies read data from named resources only',
  severity: 'error',
  rationale:
    'A right to read any bucket, secret or parameter is a right to all data of the account.',
  remediation: 'Replace * by the ARNs.',
  controls: [
    ...afsbp('IAM.1'),
    ...nist80053('AC-4', 'AC-6'),
    ...iso27001('A.5.18', 'A.8.2'),
    ...gdpr('article_25', 'article_32'),
    ...soc2('cc_1_3'),
  ],
  check: forbids(
    'named resources for actions that read data',
    (statement) =>
      grantsOnAnything(statement) && reads.some((action) => coversAction(statement, action)),
  ),
};
