import { iso27001, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { equals, requires } from '../../engine/verdict.ts';

export const cognitoMfaRequired: Rule = {
  id: 'cognito-mfa-required',
  title: 'Users of a pool need a second factor',
  severity: 'error',
  rationale: "Passwords are reused and leak; alone they open every customer's record.",
  remediation: 'Set mfa_configuration to ON.',
  unsuppressible: true,
  controls: [...iso27001('A.8.5'), ...soc2('cc_6_1')],
  check: resource('aws_cognito_user_pool', (pool) =>
    requires(pool, 'mfa_configuration', equals('ON')),
  ),
};
