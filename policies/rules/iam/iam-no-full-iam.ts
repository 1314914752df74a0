import { afsbp, nist80053, hipaa, pci, iso27001, gdpr, soc2 } from '../../controls/frameworks.ts';
import { identityPolicyTypes, policiesIn } from '../../analysis/identities.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { type Value, asList, textOf } from '../../engine/value.ts';
import { fail, pass } from '../../engine/verdict.ts';

const everything = ['IAMFullAccess', 'AdministratorAccess'];

function namesManaged(value: Value | undefined): string | undefined {
  return asList(value)
    .map(textOf)
    .find((arn) => everything.some((name) => arn.endsWith(`/${name}`)));
}

export const iamNoFullIam: Rule = {
  id: 'iam-no-full-iam',
  title: 'No policy or attachment gives all of IAM',
  severity: 'error',
  rationale: 'Who writes policies writes the own rights.',
  remediation: 'List the IAM actions and bound them by iam:PermissionsBoundary.',
  unsuppressible: true,
  controls: [
    ...afsbp('IAM.1'),
    ...nist80053('AC-2i.2', 'AC-2(1)', 'AC-2(6)', 'AC-3'),
    ...hipaa('164.308(a)(3)(i)', '164.308(a)(3)(ii)(A)', '164.308(a)(3)(ii)(B)'),
    ...pci('2.2', '7.1.2'),
    ...iso27001('A.5.18', 'A.8.2'),
    ...gdpr('article_25'),
    ...soc2('cc_1_3'),
  ],
  check: resource(
    [
      ...identityPolicyTypes,
      'aws_iam_role_policy_attachment',
      'aws_iam_user_policy_attachment',
      'aws_iam_group_policy_attachment',
      'aws_iam_policy_attachment',
      'aws_ssoadmin_managed_policy_attachment',
    ],
    (holder) => {
      const managed = namesManaged(
        holder.get('policy_arn') ??
          holder.get('managed_policy_arn') ??
          holder.get('managed_policy_arns'),
      );
      if (managed !== undefined)
        return fail(`attaches ${managed}`, 'a policy that lists what is needed');
      const open = policiesIn(holder)
        .flatMap(({ statements }) => statements)
        .find(
          (one) => one.allows && one.actions.some((action) => action.toLowerCase() === 'iam:*'),
        );
      if (open) return fail('allows iam:*', 'listed IAM actions');
      return pass;
    },
  ),
};
