import { nist80053, hipaa, pci } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { textOf } from '../../engine/value.ts';
import { matches, notApplicable, requires } from '../../engine/verdict.ts';

export const lbTlsPolicy: Rule = {
  id: 'lb-tls-policy',
  title: 'TLS listeners accept TLS 1.2 and 1.3 with forward secrecy only',
  severity: 'error',
  rationale: 'Older versions and ciphers can be forced upon a client and broken.',
  remediation: 'Set ssl_policy to an ELBSecurityPolicy-TLS13-1-2 or TLS13-1-3 policy, without Ext.',
  controls: [
    ...nist80053('AC-4', 'AC-4(22)', 'AC-17(2)', 'AC-24(1)'),
    ...hipaa('164.312(a)(2)(iv)', '164.312(e)(1)', '164.312(e)(2)(i)'),
    ...pci('2.3', '4.1'),
  ],
  check: resource(['aws_lb_listener', 'aws_alb_listener'], (listener) =>
    ['HTTPS', 'TLS'].includes(textOf(listener.get('protocol')))
      ? requires(
          listener,
          'ssl_policy',
          matches(
            /^ELBSecurityPolicy-TLS13-1-[23](-Res)?(-FIPS)?(-PQ)?(-\d{4}-\d{2})?$/,
            'a TLS13-1-2 or TLS13-1-3 policy',
          ),
        )
      : notApplicable,
  ),
};
