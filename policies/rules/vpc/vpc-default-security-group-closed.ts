import { afsbp, cis, nist80053, hipaa, pci, iso27001 } from '../../controls/frameworks.ts';
import { securityGroupRules } from '../../analysis/traffic.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { fail, when } from '../../engine/verdict.ts';

export const vpcDefaultSecurityGroupClosed: Rule = {
  id: 'vpc-default-security-group-closed',
  title: 'The default security group of every VPC allows nothing',
  severity: 'error',
  rationale: 'What is started without a group of its own lands there.',
  remediation: 'Add an aws_default_security_group for the VPC without rules.',
  controls: [
    ...afsbp('EC2.2'),
    ...cis('6.5'),
    ...nist80053('AC-4(21)', 'AC-17b', 'AC-17(1)', 'AC-17(4)(a)'),
    ...hipaa('164.312(e)(1)'),
    ...pci('1.2', '1.2.1'),
    ...iso27001('A.8.20', 'A.8.21'),
  ],
  check: resource('aws_vpc', (vpc, everything) => {
    const [group] = everything.referrers(vpc, 'aws_default_security_group', 'vpc_id');
    if (!group) return fail('no aws_default_security_group', 'one without rules');
    const open = securityGroupRules(everything).filter(({ owner }) => owner === group);
    return when(open.length === 0, `${open.length} rules`, 'no rules');
  }),
};
