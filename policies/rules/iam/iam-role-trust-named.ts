import { nist80053 } from '../../controls/frameworks.ts';
import { eachStatement, publicStatements } from '../../analysis/policies.ts';
import { type Rule, resource } from '../../engine/rule.ts';

export const iamRoleTrustNamed: Rule = {
  id: 'iam-role-trust-named',
  title: 'Roles trust named principals only',
  severity: 'error',
  rationale: 'A role that any account, or every service, may assume belongs to anybody.',
  remediation: 'Name accounts, roles or services in the trust policy.',
  unsuppressible: true,
  controls: [...nist80053('AC-3', 'AC-6')],
  check: resource('aws_iam_role', (role) =>
    eachStatement(
      role.get('assume_role_policy'),
      'named principals',
      (statement) =>
        publicStatements(statement) ||
        (statement.allows &&
          statement.principals.some(({ type, id }) => type === 'Service' && id.startsWith('*'))),
    ),
  ),
};
