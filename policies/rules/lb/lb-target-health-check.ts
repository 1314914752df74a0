import { afsbp, nist80053, hipaa, pci, iso27001 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { textOf } from '../../engine/value.ts';
import { all, isSet, isTrue, notApplicable, requires } from '../../engine/verdict.ts';

export const lbTargetHealthCheck: Rule = {
  id: 'lb-target-health-check',
  title: "Target groups check their targets' health by a request",
  severity: 'warning',
  rationale: 'A process that listens but does not answer keeps getting users.',
  remediation: 'Set health_check with a path and matcher.',
  controls: [
    ...afsbp('ELB.13'),
    ...nist80053('AU-12(3)', 'AU-14a', 'AU-14b', 'CA-2(2)'),
    ...hipaa('164.312(b)'),
    ...pci('2.2'),
    ...iso27001('A.8.14'),
  ],
  check: resource(['aws_lb_target_group', 'aws_alb_target_group'], (group) =>
    ['HTTP', 'HTTPS'].includes(textOf(group.get('protocol')))
      ? all(
          requires(group, 'health_check.enabled', isTrue, true),
          requires(group, 'health_check.path', isSet),
        )
      : notApplicable,
  ),
};
