import { nist80053 } from '../../controls/frameworks.ts';
import { forbids } from '../../analysis/policies.ts';
import { coversAction } from '../../analysis/statements.ts';
import type { Rule } from '../../engine/rule.ts';

export const iamPassRoleBounded: Rule = {
  id: 'iam-pass-role-bounded',
  title: 'Roles are passed by name and to named services only',
  severity: 'error',
  rationale: "Who passes any role to a service of their own works with that role's rights.",
  remediation: 'Name the roles in Resource and the services in iam:PassedToService.',
  controls: [...nist80053('AC-6', 'AC-5b')],
  check: forbids(
    'named roles in iam:PassRole',
    (statement) =>
      coversAction(statement, 'iam:PassRole') &&
      (statement.notResources.length > 0 ||
        statement.resources.some((one) => one === '*' || one.endsWith(':role/*'))),
  ),
};
