import { cis, nist80053, iso27001, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

export const subnetHasAcl: Rule = {
  id: 'subnet-has-acl',
  title: 'Every subnet has a network ACL of its own',
  severity: 'warning',
  rationale:
    'Without one a single wrong security group rule is enough; the ACL is the second lock.',
  remediation:
    "Name the subnet in an aws_network_acl's subnet_ids or by an aws_network_acl_association.",
  controls: [
    ...cis('6.2'),
    ...nist80053('SC-7a'),
    ...iso27001('A.8.20', 'A.8.21'),
    ...soc2('cc_6_6'),
  ],
  check: resource('aws_subnet', (subnet, everything) =>
    when(
      everything.referrers(subnet, 'aws_network_acl', 'subnet_ids').length +
        everything.referrers(subnet, 'aws_network_acl_association', 'subnet_id').length >
        0,
      'no network ACL',
      'an aws_network_acl around it',
    ),
  ),
};
