import { afsbp, nist80053 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { textOf } from '../../engine/value.ts';
import { notApplicable, when } from '../../engine/verdict.ts';

export const lbBehindWaf: Rule = {
  id: 'lb-behind-waf',
  title: 'Public load balancers stand behind a web application firewall',
  severity: 'error',
  rationale: 'The application would meet injections and floods without a filter.',
  remediation: 'Associate an aws_wafv2_web_acl with the load balancer.',
  controls: [...afsbp('ELB.16'), ...nist80053('SC-7a', 'SI-4(2)')],
  check: resource(['aws_lb', 'aws_alb'], (balancer, everything) => {
    if (
      balancer.get('internal') === true ||
      ['network', 'gateway'].includes(textOf(balancer.get('load_balancer_type')))
    )
      return notApplicable;
    return when(
      everything.referrers(balancer, 'aws_wafv2_web_acl_association', 'resource_arn').length > 0,
      'no web ACL',
      'an aws_wafv2_web_acl_association',
    );
  }),
};
