import { afsbp, nist80053, hipaa } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { textOf } from '../../engine/value.ts';
import { isTrue, notApplicable, requires } from '../../engine/verdict.ts';

export const lbCrossZone: Rule = {
  id: 'lb-cross-zone',
  title: 'Network load balancers use the targets of all zones',
  severity: 'note',
  rationale: 'A zone whose targets have failed would still get its share of connections.',
  remediation: 'Set enable_cross_zone_load_balancing to true.',
  controls: [
    ...afsbp('ELB.9'),
    ...nist80053('CP-1a.1(b)', 'CP-1a.2', 'CP-2a', 'CP-2a.6'),
    ...hipaa('164.308(a)(7)(i)', '164.308(a)(7)(ii)(C)'),
  ],
  check: resource(['aws_lb', 'aws_alb'], (balancer) =>
    ['network', 'gateway'].includes(textOf(balancer.get('load_balancer_type')))
      ? requires(balancer, 'enable_cross_zone_load_balancing', isTrue)
      : notApplicable,
  ),
};
