import { cis, nist80053, hipaa, pci, iso27001, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { asList } from '../../engine/value.ts';
import { when } from '../../engine/verdict.ts';

export const iamNoUserPolicies: Rule = {
  id: 'iam-no-user-policies',
  title: 'Rights are given to roles, never to users',
  severity: 'warning',
  rationale: 'Rights given one by one to people are never taken back.',
  remediation: 'Attach policies to roles that people assume.',
  controls: [
    ...cis('2.14'),
    ...nist80053('AC-2i.2', 'AC-2(1)', 'AC-2(6)', 'AC-3'),
    ...hipaa('164.308(a)(3)(i)', '164.308(a)(3)(ii)(A)', '164.308(a)(3)(ii)(B)'),
    ...pci('2.2', '7.1.2'),
    ...iso27001('A.5.15'),
    ...soc2('cc_1_3'),
  ],
  check: resource(
    [
      'aws_iam_policy_attachment',
      'aws_iam_user_policy',
      'aws_iam_user_policy_attachment',
      'aws_iam_role_policy_attachment',
    ],
    (attachment) =>
      when(
        attachment.type === 'aws_iam_role_policy_attachment' ||
          (attachment.type === 'aws_iam_policy_attachment' &&
            asList(attachment.get('users')).length === 0),
        'rights for a user',
        'rights for roles',
      ),
  ),
};
