import { iso27001, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { atLeast, requires } from '../../engine/verdict.ts';

export const cognitoPasswordLength: Rule = {
  id: 'cognito-password-length',
  title: 'Passwords of a pool have at least fourteen characters',
  severity: 'warning',
  rationale: 'Short passwords are guessed.',
  remediation: 'Set password_policy.minimum_length to 14 or more.',
  controls: [...iso27001('A.5.17'), ...soc2('cc_6_1')],
  check: resource('aws_cognito_user_pool', (pool) =>
    requires(pool, 'password_policy.minimum_length', atLeast(14), 8),
  ),
};
