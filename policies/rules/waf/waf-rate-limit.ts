import { nist80053 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

export const wafRateLimit: Rule = {
  id: 'waf-rate-limit',
  title: 'Web ACLs limit requests per address',
  severity: 'error',
  rationale: 'Passwords are guessed and services flooded by the number of requests alone.',
  remediation: 'Add a rule with rate_based_statement.',
  controls: [...nist80053('SC-5(2)')],
  check: resource('aws_wafv2_web_acl', (acl) =>
    when(
      acl.blocks('rule.statement.rate_based_statement').length > 0,
      'no rate_based_statement',
      'at least one',
    ),
  ),
};
