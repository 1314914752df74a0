import { nist80053, iso27001 } from '../../controls/frameworks.ts';
import { networkOf } from '../../analysis/network.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { fail, pass } from '../../engine/verdict.ts';

export const firewallOnTheRoute: Rule = {
  id: 'firewall-on-the-route',
  title: 'Network firewalls stand on the way to the internet, in both directions',
  severity: 'error',
  rationale:
    'A firewall that no route passes through costs money and inspects nothing; one that sees half of a connection drops it.',
  remediation:
    "Route the private subnets' default through the firewall's endpoints, and the replies from the NAT subnets back through them.",
  controls: [...nist80053('SC-7a'), ...iso27001('A.8.20', 'A.8.21')],
  check: resource('aws_networkfirewall_firewall', (firewall, everything) => {
    const through = networkOf(everything).routes.filter(({ target }) =>
      everything.referents(target, 'aws_networkfirewall_firewall').includes(firewall),
    );
    const out = through.some(({ destination }) => destination === '0.0.0.0/0');
    const back = through.some(
      ({ destination }) => destination !== '0.0.0.0/0' && destination !== '::/0',
    );
    if (!out)
      return fail('no default route leads through it', 'a default route through its endpoint');
    if (!back)
      return fail(
        'no route leads replies back through it',
        'a route from the NAT subnets to the private ranges',
      );
    return pass;
  }),
};
