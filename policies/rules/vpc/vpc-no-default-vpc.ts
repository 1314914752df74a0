import { afsbp, cis, nist80053, hipaa, pci, iso27001 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

export const vpcNoDefaultVpc: Rule = {
  id: 'vpc-no-default-vpc',
  title: 'Nothing builds on the default VPC',
  severity: 'error',
  rationale: 'Its subnets are public and its groups open, made for first experiments.',
  remediation: 'Make a VPC of your own.',
  controls: [
    ...afsbp('EC2.2'),
    ...cis('6.5'),
    ...nist80053('AC-2(6)', 'AC-3(7)', 'AC-4(21)', 'AC-6'),
    ...hipaa('164.308(a)(3)(i)', '164.308(a)(4)(ii)(A)', '164.308(a)(4)(ii)(C)'),
    ...pci('1.2', '1.2.1'),
    ...iso27001('A.8.20', 'A.8.21'),
  ],
  check: resource(['aws_default_vpc', 'aws_vpc'], (vpc) =>
    when(vpc.type === 'aws_vpc', 'the default VPC', 'a VPC of its own'),
  ),
};
