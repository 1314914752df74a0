import { afsbp, cis, nist80053, hipaa, pci, iso27001, soc2 } from '../../controls/frameworks.ts';
import {
  coversPort,
  describe,
  isOpenToInternet,
  isUndecided,
  securityGroupRules,
} from '../../analysis/traffic.ts';
import { type Rule, graph } from '../../engine/rule.ts';
import { unknown, when } from '../../engine/verdict.ts';

const guarded = [20, 21, 22, 23, 135, 445, 1433, 3306, 3389, 5432, 5500, 6379, 8080, 27_017];

export const sgNoOpenAdminPorts: Rule = {
  id: 'sg-no-open-admin-ports',
  title: 'No security group lets the internet in on administration or database ports',
  severity: 'error',
  rationale: 'Such ports are found and attacked within minutes.',
  remediation:
    'Reach them by the VPN or by Session Manager; refer to a security group instead of a range.',
  unsuppressible: true,
  controls: [
    ...afsbp('EC2.13', 'EC2.14'),
    ...cis('6.3', '6.4'),
    ...nist80053('AC-17b', 'AC-17(1)', 'AC-17(4)(a)', 'AC-17(9)'),
    ...hipaa('164.308(a)(3)(i)', '164.308(a)(3)(ii)(B)', '164.308(a)(4)(i)'),
    ...pci('1.2', '1.2.1'),
    ...iso27001('A.8.20', 'A.8.21'),
    ...soc2('cc_6_6'),
  ],
  check: graph((everything) =>
    securityGroupRules(everything)
      .filter(({ direction }) => direction === 'ingress')
      .map((rule) => {
        const open = isOpenToInternet(rule)
          ? guarded.find((port) => coversPort(rule, port))
          : undefined;
        if (open === undefined && isUndecided(rule))
          return {
            resource: rule.declared,
            verdict: unknown(describe(rule), 'known ranges and ports'),
          };
        return {
          resource: rule.declared,
          verdict: when(
            open === undefined,
            describe(rule),
            `no port such as ${open} from public addresses`,
          ),
        };
      }),
  ),
};
