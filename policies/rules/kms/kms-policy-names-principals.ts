import { afsbp, nist80053, iso27001 } from '../../controls/frameworks.ts';
import { eachStatement, publicStatements } from '../../analysis/policies.ts';
import { type Rule, resource } from '../../engine/rule.ts';

export const kmsPolicyNamesPrincipals: Rule = {
  id: 'kms-policy-names-principals',
  title: 'Key policies allow named principals only',
  severity: 'error',
  rationale: 'A key that anybody may use protects nothing.',
  remediation:
    'Name the principals, or narrow by kms:CallerAccount, aws:PrincipalOrgID or aws:SourceArn.',
  unsuppressible: true,
  controls: [...afsbp('KMS.5'), ...nist80053('AC-3', 'SC-12'), ...iso27001('A.8.1')],
  check: resource(['aws_kms_key', 'aws_kms_key_policy'], (key) =>
    eachStatement(
      key.get('policy'),
      'named principals in every allowing statement',
      publicStatements,
    ),
  ),
};
