import { afsbp, nist80053, iso27001 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

export const sgAttached: Rule = {
  id: 'sg-attached',
  title: 'Every security group is used',
  severity: 'note',
  rationale: 'Unused groups are picked up later by somebody who does not know what they open.',
  remediation: 'Attach the group, or remove it.',
  controls: [...afsbp('EC2.22'), ...nist80053('CM-2a'), ...iso27001('A.8.20', 'A.8.21')],
  check: resource('aws_security_group', (group, everything) =>
    when(
      everything
        .users(group)
        .some(
          (user) => !user.type.includes('security_group_') && user.type !== 'aws_security_group',
        ),
      'nothing uses it',
      'a resource that carries it',
    ),
  ),
};
