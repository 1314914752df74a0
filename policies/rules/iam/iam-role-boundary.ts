import { nist80053, iso27001 } from '../../controls/frameworks.ts';
import { statementsOf } from '../../analysis/statements.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { isSet, notApplicable, requires } from '../../engine/verdict.ts';

export const iamRoleBoundary: Rule = {
  id: 'iam-role-boundary',
  title: 'Roles that people and pipelines assume have a permissions boundary',
  severity: 'error',
  rationale: 'Without a boundary one careless policy makes a person an administrator.',
  remediation: 'Set permissions_boundary to a policy that states the most the role may ever do.',
  controls: [...nist80053('AC-6', 'AC-5b'), ...iso27001('A.8.2')],
  check: resource('aws_iam_role', (role) => {
    const statements = (statementsOf(role.get('assume_role_policy')) ?? []).filter(
      (one) => one.allows,
    );
    const forPeople = statements.some(({ principals }) =>
      principals.some(({ type }) => type !== 'Service'),
    );
    return forPeople ? requires(role, 'permissions_boundary', isSet) : notApplicable;
  }),
};
