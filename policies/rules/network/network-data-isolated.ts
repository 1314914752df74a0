import { nist80053, hipaa, pci } from '../../controls/frameworks.ts';
import { networkOf } from '../../analysis/network.ts';
import { dataSubnets } from '../../analysis/reach.ts';
import { type Rule, graph } from '../../engine/rule.ts';
import { display, textOf } from '../../engine/value.ts';
import { when } from '../../engine/verdict.ts';

const ways = [
  'aws_internet_gateway',
  'aws_nat_gateway',
  'aws_egress_only_internet_gateway',
  'aws_ec2_transit_gateway',
  'aws_vpc_peering_connection',
  'aws_networkfirewall_firewall',
];

export const networkDataIsolated: Rule = {
  id: 'network-data-isolated',
  title: 'Subnets of data and recovery have no route out',
  severity: 'error',
  rationale:
    'What has no route cannot be reached, nor send anything out, whatever the other rules say.',
  remediation: 'Remove the route, or move the data to a subnet without one.',
  unsuppressible: true,
  controls: [
    ...nist80053('AC-4(21)', 'CM-7b', 'SC-7a', 'AC-4'),
    ...hipaa('164.312(e)(1)'),
    ...pci('1.2', '1.2.1'),
  ],
  check: graph((everything) =>
    dataSubnets(everything).map((subnet) => {
      const out = networkOf(everything)
        .routesOf(subnet)
        .find(
          ({ destination, target }) =>
            destination === '0.0.0.0/0' ||
            destination === '::/0' ||
            everything.referents(target, ...ways).length > 0 ||
            /^(igw|nat|tgw|pcx|eigw)-/.test(textOf(target)),
        );
      return {
        resource: subnet,
        verdict: when(
          out === undefined,
          `${out?.declared.address} leads to ${display(out?.target)}`,
          'no route but the VPC and its gateway endpoints',
        ),
      };
    }),
  ),
};
