import { afsbp, cis, iso27001, gdpr } from '../../controls/frameworks.ts';
import { coversAction, statementsOf } from '../../analysis/statements.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { notApplicable, when } from '../../engine/verdict.ts';

export const iamRoleMfa: Rule = {
  id: 'iam-role-mfa',
  title: 'People need a second factor to assume a role',
  severity: 'error',
  rationale: 'A stolen password or key alone would open production.',
  remediation:
    'Require aws:MultiFactorAuthPresent true in the trust policy, or trust a SAML provider that enforces it.',
  controls: [
    ...afsbp('IAM.5', 'IAM.19'),
    ...cis('2.9'),
    ...iso27001('A.5.15', 'A.5.17'),
    ...gdpr('article_25'),
  ],
  check: resource('aws_iam_role', (role) => {
    const statements = (statementsOf(role.get('assume_role_policy')) ?? []).filter(
      (one) =>
        one.allows &&
        coversAction(one, 'sts:AssumeRole') &&
        one.principals.some(({ type }) => type === 'AWS'),
    );
    if (statements.length === 0) return notApplicable;
    const guarded = statements.every(({ conditions }) =>
      conditions.some(
        ({ operator, key, values }) =>
          operator === 'Bool' &&
          key.toLowerCase() === 'aws:multifactorauthpresent' &&
          values.includes('true'),
      ),
    );
    return when(
      guarded,
      'no condition on aws:MultiFactorAuthPresent',
      'Bool aws:MultiFactorAuthPresent true',
    );
  }),
};
