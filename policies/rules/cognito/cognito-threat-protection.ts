import { afsbp, nist80053 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { equals, requires } from '../../engine/verdict.ts';

export const cognitoThreatProtection: Rule = {
  id: 'cognito-threat-protection',
  title: 'Pools enforce threat protection',
  severity: 'warning',
  rationale: 'Stuffed credentials and impossible travel are seen by the service alone.',
  remediation:
    'Set user_pool_add_ons.advanced_security_mode to ENFORCED and user_pool_tier to PLUS.',
  controls: [...afsbp('Cognito.1'), ...nist80053('SI-4(2)')],
  check: resource('aws_cognito_user_pool', (pool) =>
    requires(pool, 'user_pool_add_ons.advanced_security_mode', equals('ENFORCED')),
  ),
};
