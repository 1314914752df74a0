import { cis, nist80053, hipaa, pci, iso27001, soc2 } from '../../controls/frameworks.ts';
import {
  describe,
  isOpenToInternet,
  isUndecided,
  securityGroupRules,
} from '../../analysis/traffic.ts';
import { type Rule, graph } from '../../engine/rule.ts';
import { pass, unknown, when } from '../../engine/verdict.ts';

export const sgWorldOnlyToLoadBalancers: Rule = {
  id: 'sg-world-only-to-load-balancers',
  title: 'The internet reaches load balancers on 80 and 443, and nothing else',
  severity: 'error',
  rationale:
    'Every other open port is a second door, without the firewall, the sign-in and the logs of the first.',
  remediation: 'Put the service behind the load balancer and refer to its security group.',
  controls: [
    ...cis('6.3', '6.4'),
    ...nist80053('AC-4(21)', 'AC-17b', 'AC-17(1)', 'AC-17(4)(a)'),
    ...hipaa('164.308(a)(3)(i)', '164.308(a)(3)(ii)(B)', '164.308(a)(4)(i)'),
    ...pci('1.2', '1.2.1'),
    ...iso27001('A.8.20', 'A.8.21'),
    ...soc2('cc_6_6'),
  ],
  check: graph((everything) =>
    securityGroupRules(everything)
      .filter((rule) => rule.direction === 'ingress')
      .map((rule) => {
        if (!isOpenToInternet(rule))
          return {
            resource: rule.declared,
            verdict: isUndecided(rule) ? unknown(describe(rule), 'known ranges') : pass,
          };
        const [from, to] = rule.ports;
        const web = rule.protocol === 'tcp' && from === to && (from === 443 || from === 80);
        const balanced =
          rule.owner !== undefined &&
          everything
            .of('aws_lb', 'aws_alb')
            .some((balancer) =>
              everything
                .referents(balancer.get('security_groups'), 'aws_security_group')
                .some((group) => group === rule.owner),
            );
        return {
          resource: rule.declared,
          verdict: when(
            web && balanced,
            `${describe(rule)} on ${rule.owner?.address ?? 'a group of another configuration'}`,
            'tcp 80 or 443, on a load balancer',
          ),
        };
      }),
  ),
};
