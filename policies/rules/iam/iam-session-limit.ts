import { iso27001, soc2 } from '../../controls/frameworks.ts';
import { statementsOf } from '../../analysis/statements.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { between, notApplicable, requires } from '../../engine/verdict.ts';

export const iamSessionLimit: Rule = {
  id: 'iam-session-limit',
  title: "Sessions of people's roles end within four hours",
  severity: 'warning',
  rationale: 'A stolen session works until it ends.',
  remediation: 'Set max_session_duration to 14400 seconds or less.',
  controls: [...iso27001('A.8.5'), ...soc2('cc_6_1')],
  check: resource('aws_iam_role', (role) =>
    (statementsOf(role.get('assume_role_policy')) ?? []).some((one) =>
      one.principals.some(({ type }) => type === 'AWS' || type === 'Federated'),
    )
      ? requires(role, 'max_session_duration', between(3600, 14_400), 3600)
      : notApplicable,
  ),
};
