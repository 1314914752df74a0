import { afsbp, nist80053, hipaa, pci } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { equals, requires } from '../../engine/verdict.ts';

export const lbListenerTls: Rule = {
  id: 'lb-listener-tls',
  title: 'Listeners speak TLS, or redirect to it',
  severity: 'error',
  rationale: 'A session cookie sent once in the clear is a session lost.',
  remediation: 'Use HTTPS or TLS; on port 80 let the default action redirect to HTTPS.',
  unsuppressible: true,
  controls: [
    ...afsbp('ELB.1'),
    ...nist80053('AC-4', 'AC-4(22)', 'AC-17(2)', 'AC-24(1)'),
    ...hipaa('164.312(a)(2)(iv)', '164.312(e)(1)', '164.312(e)(2)(i)'),
    ...pci('2.3', '4.1'),
  ],
  check: resource(['aws_lb_listener', 'aws_alb_listener'], (listener) => {
    if (listener.get('protocol') === 'HTTP')
      return requires(
        listener,
        'default_action.redirect.protocol',
        equals('HTTPS', '#{protocol}_TLS'),
      );
    return requires(listener, 'protocol', equals('HTTPS', 'TLS'));
  }),
};
