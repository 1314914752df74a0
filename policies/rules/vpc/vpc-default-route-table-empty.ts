import { nist80053, hipaa, pci } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

export const vpcDefaultRouteTableEmpty: Rule = {
  id: 'vpc-default-route-table-empty',
  title: 'The default route table of every VPC leads nowhere',
  severity: 'warning',
  rationale: 'A subnet without a table of its own would follow its routes.',
  remediation: 'Add an aws_default_route_table without routes.',
  controls: [
    ...nist80053('AC-4(21)', 'CM-7b', 'SC-7a'),
    ...hipaa('164.312(e)(1)'),
    ...pci('1.2', '1.2.1'),
  ],
  check: resource('aws_default_route_table', (table) =>
    when(table.blocks('route').length === 0, 'it has routes', 'no routes'),
  ),
};
