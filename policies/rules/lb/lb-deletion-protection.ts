import { afsbp, nist80053, hipaa } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { isTrue, requires } from '../../engine/verdict.ts';

export const lbDeletionProtection: Rule = {
  id: 'lb-deletion-protection',
  title: 'Load balancers are protected from deletion',
  severity: 'warning',
  rationale: 'A deleted load balancer takes the public address and its certificate bindings along.',
  remediation: 'Set enable_deletion_protection to true.',
  controls: [
    ...afsbp('ELB.6'),
    ...nist80053('CA-7(4)(c)', 'CM-2a', 'CM-2(2)', 'CM-3a'),
    ...hipaa('164.308(a)(7)(i)', '164.308(a)(7)(ii)(C)'),
  ],
  check: resource(['aws_lb', 'aws_alb'], (balancer) =>
    requires(balancer, 'enable_deletion_protection', isTrue),
  ),
};
