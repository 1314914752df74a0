import { cis, nist80053, hipaa, pci } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

export const iamNoUsers: Rule = {
  id: 'iam-no-users',
  title: 'People come through the identity provider, not as IAM users',
  severity: 'warning',
  rationale:
    "An IAM user outlives the person's employment and has no second factor of the company's.",
  remediation: 'Remove the user and its keys; let people assume roles through federation.',
  controls: [
    ...cis('2.20'),
    ...nist80053('AC-2i.2', 'AC-2(1)', 'AC-2(6)', 'AC-3'),
    ...hipaa('164.308(a)(3)(i)', '164.308(a)(3)(ii)(A)', '164.308(a)(3)(ii)(B)'),
    ...pci('2.2', '7.1.2'),
  ],
  check: resource(
    ['aws_iam_user', 'aws_iam_access_key', 'aws_iam_user_login_profile', 'aws_iam_role'],
    (principal) => when(principal.type === 'aws_iam_role', principal.type, 'a role'),
  ),
};
