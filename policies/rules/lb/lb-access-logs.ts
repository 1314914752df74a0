import { afsbp, nist80053, hipaa, pci, iso27001, gdpr, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { textOf } from '../../engine/value.ts';
import { all, isSet, isTrue, notApplicable, requires } from '../../engine/verdict.ts';

export const lbAccessLogs: Rule = {
  id: 'lb-access-logs',
  title: 'Load balancers log every request',
  severity: 'error',
  rationale:
    "The door's own log is the only one that shows attempts which the application never saw.",
  remediation: 'Enable access_logs to a log bucket.',
  controls: [
    ...afsbp('ELB.5'),
    ...nist80053('AC-4(26)', 'AU-2b', 'AU-3a', 'AU-3b'),
    ...hipaa('164.312(b)'),
    ...pci('10.1', '10.3.1'),
    ...iso27001('A.8.15'),
    ...gdpr('article_30'),
    ...soc2('cc_7_2'),
  ],
  check: resource(['aws_lb', 'aws_alb'], (balancer) =>
    textOf(balancer.get('load_balancer_type')) === 'gateway'
      ? notApplicable
      : all(
          requires(balancer, 'access_logs.enabled', isTrue),
          requires(balancer, 'access_logs.bucket', isSet),
        ),
  ),
};
