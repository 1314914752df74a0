import { afsbp, nist80053, hipaa, pci, iso27001, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { all, isNotTrue, requires } from '../../engine/verdict.ts';

export const subnetNoPublicIp: Rule = {
  id: 'subnet-no-public-ip',
  title: 'Subnets give out no public addresses by themselves',
  severity: 'error',
  rationale: 'Whatever starts there would be on the internet without anybody deciding it.',
  remediation: 'Leave map_public_ip_on_launch false.',
  controls: [
    ...afsbp('EC2.15'),
    ...nist80053('AC-2(6)', 'AC-3', 'AC-3(7)', 'AC-4(21)'),
    ...hipaa('164.308(a)(3)(i)', '164.308(a)(4)(ii)(A)', '164.308(a)(4)(ii)(C)'),
    ...pci('1.2', '1.2.1'),
    ...iso27001('A.8.20', 'A.8.21'),
    ...soc2('cc_6_6'),
  ],
  check: resource(['aws_subnet', 'aws_default_subnet'], (subnet) =>
    all(
      requires(subnet, 'map_public_ip_on_launch', isNotTrue),
      requires(subnet, 'assign_ipv6_address_on_creation', isNotTrue),
    ),
  ),
};
