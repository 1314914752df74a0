import { nist80053 } from '../../controls/frameworks.ts';
import { coversAction, statementsOf } from '../../analysis/statements.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { notApplicable, when } from '../../engine/verdict.ts';

const safe = (value: string): boolean =>
  /^repo:[^*?:/]+\/[^*?:/]+:/.test(value) || (!value.startsWith('repo:') && !/[*?]/.test(value));

export const iamOidcSubjectBound: Rule = {
  id: 'iam-oidc-subject-bound',
  title: 'Roles for pipelines trust named repositories and audiences only',
  severity: 'error',
  rationale:
    'Without the subject every repository of the world that uses the same provider may deploy.',
  remediation:
    "Compare the provider's :sub with the repository and environment, and :aud with the audience, without leading wildcards.",
  controls: [...nist80053('AC-3')],
  check: resource('aws_iam_role', (role) => {
    const statements = (statementsOf(role.get('assume_role_policy')) ?? []).filter(
      (one) =>
        one.allows &&
        coversAction(one, 'sts:AssumeRoleWithWebIdentity') &&
        one.principals.some(({ type }) => type === 'Federated'),
    );
    if (statements.length === 0) return notApplicable;
    const bound = statements.every(({ conditions }) => {
      const named = (claim: string): readonly string[] =>
        conditions
          .filter(
            ({ key, operator }) =>
              key.endsWith(`:${claim}`) && /^(ForA\w+Values:)?String(Equals|Like)$/.test(operator),
          )
          .flatMap(({ values }) => values);
      return named('aud').length > 0 && named('sub').length > 0 && named('sub').every(safe);
    });
    return when(
      bound,
      'the subject or audience is not bound',
      'conditions on :sub and :aud that name them',
    );
  }),
};
