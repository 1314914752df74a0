import { afsbp, cis, nist80053, hipaa, pci, iso27001, soc2 } from '../../controls/frameworks.ts';
import { dataGroups, pathFromInternet } from '../../analysis/reach.ts';
import { type Rule, graph } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

export const networkNoInternetPathToData: Rule = {
  id: 'network-no-internet-path-to-data',
  title:
    'No way leads from the internet to data or recovery but through the load balancer and the application',
  severity: 'error',
  rationale: 'A chain of innocent rules, each from one group to the next, can end at the database.',
  remediation:
    'Remove one link of the chain that is named: the rule, the route or the public address.',
  unsuppressible: true,
  controls: [
    ...afsbp('RDS.2'),
    ...cis('3.2.3'),
    ...nist80053('AC-2(6)', 'AC-3', 'AC-3(7)', 'AC-4(21)', 'SC-7a'),
    ...hipaa('164.308(a)(3)(i)', '164.308(a)(4)(ii)(A)', '164.308(a)(4)(ii)(C)'),
    ...pci('1.2', '1.2.1'),
    ...iso27001('A.8.1'),
    ...soc2('cc_6_2'),
  ],
  check: graph((everything) =>
    dataGroups(everything).map((group) => {
      const path = pathFromInternet(everything, group);
      const way = ['internet', ...(path ?? []).map(({ address }) => address)].join(' → ');
      return {
        resource: group,
        verdict: when(path === undefined, way, 'only load balancer → application → data'),
      };
    }),
  ),
};
