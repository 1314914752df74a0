import { nist80053, pci, iso27001 } from '../../controls/frameworks.ts';
import {
  coversAllPorts,
  describe,
  isOpenToAll,
  isUndecided,
  securityGroupRules,
} from '../../analysis/traffic.ts';
import { type Rule, graph } from '../../engine/rule.ts';
import { unknown, when } from '../../engine/verdict.ts';

export const sgNoOpenEgress: Rule = {
  id: 'sg-no-open-egress',
  title: 'No security group lets everything out to everywhere',
  severity: 'error',
  rationale:
    'Stolen data and remote control leave by the way out, which is as much a door as the way in.',
  remediation:
    "Name the ports and the peers: security groups, prefix lists of AWS's services, or ranges.",
  controls: [...nist80053('SC-7a', 'AC-4'), ...pci('1.3.4'), ...iso27001('A.8.22')],
  check: graph((everything) =>
    securityGroupRules(everything)
      .filter(({ direction }) => direction === 'egress')
      .map((rule) => ({
        resource: rule.declared,
        verdict: isUndecided(rule)
          ? unknown(describe(rule), 'known ranges and ports')
          : when(
              !(isOpenToAll(rule) && coversAllPorts(rule)),
              describe(rule),
              'named ports or peers',
            ),
      })),
  ),
};
