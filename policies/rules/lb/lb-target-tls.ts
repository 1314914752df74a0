import { afsbp, nist80053, hipaa, pci } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { equals, notApplicable, requires } from '../../engine/verdict.ts';

export const lbTargetTls: Rule = {
  id: 'lb-target-tls',
  title: 'Load balancers speak TLS to their targets',
  severity: 'warning',
  rationale: "Behind the door customers' records would cross the network in the clear.",
  remediation: "Set the target group's protocol to HTTPS or TLS.",
  controls: [
    ...afsbp('ELB.1'),
    ...nist80053('AC-4', 'AC-4(22)', 'AC-17(2)', 'AC-24(1)'),
    ...hipaa('164.312(a)(2)(iv)', '164.312(e)(1)', '164.312(e)(2)(i)'),
    ...pci('2.3', '4.1'),
  ],
  check: resource(['aws_lb_target_group', 'aws_alb_target_group'], (group) =>
    group.get('target_type') === 'lambda'
      ? notApplicable
      : requires(group, 'protocol', equals('HTTPS', 'TLS', 'GENEVE')),
  ),
};
