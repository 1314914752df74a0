import { nist80053, soc2 } from '../../controls/frameworks.ts';
import { forbids, grantsOnAnything } from '../../analysis/policies.ts';
import { coversAction } from '../../analysis/statements.ts';
import type { Rule } from '../../engine/rule.ts';

const exposing = [
  'iam:CreateAccessKey',
  'iam:CreateLoginProfile',
  'iam:UpdateLoginProfile',
  'iam:CreateServiceSpecificCredential',
  'iam:ResetServiceSpecificCredential',
  'sts:GetFederationToken',
  'redshift:GetClusterCredentials',
  'cognito-identity:GetCredentialsForIdentity',
  'codepipeline:PollForJobs',
];

export const iamNoCredentialExposure: Rule = {
  id: 'iam-no-credential-exposure',
  title: 'No policy hands out credentials of anybody',
  severity: 'error',
  rationale: 'Who makes keys or passwords for others becomes any of them.',
  remediation: 'Remove the actions, or name the one principal they are for.',
  controls: [...nist80053('AC-6'), ...soc2('cc_3_3')],
  check: forbids(
    'no action that returns credentials of anybody',
    (statement) =>
      grantsOnAnything(statement) && exposing.some((action) => coversAction(statement, action)),
  ),
};
