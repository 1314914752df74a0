import { nist80053 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { textOf } from '../../engine/value.ts';
import { when } from '../../engine/verdict.ts';

const wanted = [
  'AWSManagedRulesCommonRuleSet',
  'AWSManagedRulesKnownBadInputsRuleSet',
  'AWSManagedRulesSQLiRuleSet',
];

export const wafManagedGroups: Rule = {
  id: 'waf-managed-groups',
  title: "Web ACLs use AWS's groups for common attacks, known bad inputs and SQL injection",
  severity: 'error',
  rationale:
    'Log4Shell and its kind are scanned for within hours; nobody writes such rules in time alone.',
  remediation:
    'Add AWSManagedRulesCommonRuleSet, AWSManagedRulesKnownBadInputsRuleSet and AWSManagedRulesSQLiRuleSet.',
  controls: [...nist80053('SC-7a')],
  check: resource('aws_wafv2_web_acl', (acl) => {
    const names = new Set(
      acl
        .blocks('rule.statement.managed_rule_group_statement')
        .map((group) => textOf(group['name'])),
    );
    const missing = wanted.filter((name) => !names.has(name));
    return when(missing.length === 0, `${missing.join(', ')} missing`, wanted.join(', '));
  }),
};
