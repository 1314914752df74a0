import { nist80053 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { equals, requires } from '../../engine/verdict.ts';

export const cognitoDeletionProtection: Rule = {
  id: 'cognito-deletion-protection',
  title: 'Pools are protected from deletion',
  severity: 'warning',
  rationale: "A deleted pool takes every user's registration along.",
  remediation: 'Set deletion_protection to ACTIVE.',
  controls: [...nist80053('CP-9a')],
  check: resource('aws_cognito_user_pool', (pool) =>
    requires(pool, 'deletion_protection', equals('ACTIVE')),
  ),
};
