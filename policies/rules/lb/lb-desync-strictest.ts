import { afsbp, nist80053 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { textOf } from '../../engine/value.ts';
import { equals, notApplicable, requires } from '../../engine/verdict.ts';

export const lbDesyncStrictest: Rule = {
  id: 'lb-desync-strictest',
  title: 'Load balancers refuse ambiguous requests',
  severity: 'error',
  rationale:
    "When balancer and application read a request differently, one user's request hides in another's.",
  remediation: 'Set desync_mitigation_mode to strictest (defensive at least).',
  controls: [...afsbp('ELB.12'), ...nist80053('SC-7a')],
  check: resource(['aws_lb', 'aws_alb', 'aws_elb'], (balancer) =>
    ['network', 'gateway'].includes(textOf(balancer.get('load_balancer_type')))
      ? notApplicable
      : requires(balancer, 'desync_mitigation_mode', equals('strictest', 'defensive'), 'defensive'),
  ),
};
