import { nist80053 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

export const wafHasRules: Rule = {
  id: 'waf-has-rules',
  title: 'Web ACLs and rule groups hold rules',
  severity: 'error',
  rationale: 'An empty web ACL lets everything pass and looks like protection.',
  remediation: 'Add rules, or remove the ACL.',
  controls: [...nist80053('SC-7a')],
  check: resource(['aws_wafv2_web_acl', 'aws_waf_web_acl', 'aws_wafregional_web_acl'], (acl) =>
    when(
      acl.blocks('rule').length + acl.blocks('rules').length > 0 ||
        acl.get('rule_json') !== undefined,
      'no rule',
      'at least one rule',
    ),
  ),
};
