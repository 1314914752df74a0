import { nist80053, hipaa, pci, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { all, requires } from '../../engine/verdict.ts';

export const sgDescribed: Rule = {
  id: 'sg-described',
  title: 'Security groups and their rules say what they are for',
  severity: 'warning',
  rationale: 'Nobody dares to remove a rule that nobody can explain.',
  remediation: 'Set description on the group and on every rule.',
  controls: [
    ...nist80053('AC-4(21)', 'AC-17b', 'AC-17(1)', 'AC-17(4)(a)', 'CM-2a'),
    ...hipaa('164.308(a)(3)(i)', '164.308(a)(3)(ii)(B)', '164.308(a)(4)(i)'),
    ...pci('1.2', '1.2.1'),
    ...soc2('cc_6_1'),
  ],
  check: resource(
    [
      'aws_security_group',
      'aws_security_group_rule',
      'aws_vpc_security_group_ingress_rule',
      'aws_vpc_security_group_egress_rule',
    ],
    (group) => {
      const parts = [group.values, ...group.blocks('ingress'), ...group.blocks('egress')];
      return all(
        ...parts.map((part) =>
          requires(part, 'description', {
            expected: 'set',
            test: (text) => text !== undefined && text !== '' && text !== 'Managed by Terraform',
          }),
        ),
      );
    },
  ),
};
