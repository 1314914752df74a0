import { afsbp, hipaa, pci } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { textOf } from '../../engine/value.ts';
import { isTrue, notApplicable, requires } from '../../engine/verdict.ts';

export const lbDropsInvalidHeaders: Rule = {
  id: 'lb-drops-invalid-headers',
  title: 'Load balancers drop malformed headers',
  severity: 'error',
  rationale: 'Malformed headers are how requests are smuggled past the firewall.',
  remediation: 'Set drop_invalid_header_fields to true.',
  controls: [
    ...afsbp('ELB.16'),
    ...hipaa('164.312(a)(2)(iv)', '164.312(e)(1)', '164.312(e)(2)(i)'),
    ...pci('4.1', '8.2.1'),
  ],
  check: resource(['aws_lb', 'aws_alb'], (balancer) =>
    ['network', 'gateway'].includes(textOf(balancer.get('load_balancer_type')))
      ? notApplicable
      : requires(balancer, 'drop_invalid_header_fields', isTrue),
  ),
};
