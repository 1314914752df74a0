import { nist80053, iso27001, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { all, isTrue, requires } from '../../engine/verdict.ts';

export const wafMetrics: Rule = {
  id: 'waf-metrics',
  title: 'Web ACLs and their rules report metrics',
  severity: 'warning',
  rationale: 'A rule without a metric can be neither tuned nor alarmed on.',
  remediation: 'Set visibility_config.cloudwatch_metrics_enabled on the ACL and on each rule.',
  controls: [...nist80053('SI-4(2)'), ...iso27001('A.8.15', 'A.8.16'), ...soc2('cc_a_1_1')],
  check: resource('aws_wafv2_web_acl', (acl) =>
    all(
      ...[acl.values, ...acl.blocks('rule')].map((part) =>
        requires(part, 'visibility_config.cloudwatch_metrics_enabled', isTrue),
      ),
    ),
  ),
};
