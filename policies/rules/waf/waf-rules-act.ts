import { nist80053 } from '../../controls/frameworks.ts';
import { blocksOf } from '../../engine/resource.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { textOf } from '../../engine/value.ts';
import { notApplicable, when } from '../../engine/verdict.ts';

export const wafRulesAct: Rule = {
  id: 'waf-rules-act',
  title: 'Every rule of a web ACL does something',
  severity: 'error',
  rationale:
    'A rule that only counts, or a group whose actions are overridden by count, stops nobody.',
  remediation:
    'Give each rule an action of block, captcha, challenge or allow, or override_action none.',
  controls: [...nist80053('SC-7a')],
  check: resource(['aws_wafv2_web_acl', 'aws_wafv2_rule_group'], (acl) => {
    const idle = acl
      .blocks('rule')
      .filter(
        (rule) =>
          blocksOf(rule, 'override_action.count').length > 0 ||
          blocksOf(rule, 'action.count').length > 0 ||
          (blocksOf(rule, 'action').length === 0 && blocksOf(rule, 'override_action').length === 0),
      );
    if (acl.blocks('rule').length === 0) return notApplicable;
    return when(
      idle.length === 0,
      `${idle.map((rule) => textOf(rule['name'])).join(', ')} only counts`,
      'an action in every rule',
    );
  }),
};
