import { afsbp, nist80053, hipaa, pci, iso27001, gdpr, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { textOf } from '../../engine/value.ts';
import { isTrue, notApplicable, requires } from '../../engine/verdict.ts';

export const lbConnectionLogs: Rule = {
  id: 'lb-connection-logs',
  title: 'Load balancers log every connection',
  severity: 'warning',
  rationale: 'Failed handshakes and client certificates stand in no access log.',
  remediation: 'Enable connection_logs to a log bucket.',
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
    ['network', 'gateway'].includes(textOf(balancer.get('load_balancer_type')))
      ? notApplicable
      : requires(balancer, 'connection_logs.enabled', isTrue),
  ),
};
