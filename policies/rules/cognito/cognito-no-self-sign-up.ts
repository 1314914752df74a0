import { nist80053 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { isTrue, requires } from '../../engine/verdict.ts';

export const cognitoNoSelfSignUp: Rule = {
  id: 'cognito-no-self-sign-up',
  title: 'Nobody makes an account for themselves',
  severity: 'error',
  rationale: "A CRM's users are employees; a stranger with an account is half inside.",
  remediation: 'Set admin_create_user_config.allow_admin_create_user_only to true.',
  controls: [...nist80053('AC-3')],
  check: resource('aws_cognito_user_pool', (pool) =>
    requires(pool, 'admin_create_user_config.allow_admin_create_user_only', isTrue),
  ),
};
