import { nist80053, soc2 } from '../../controls/frameworks.ts';
import { escalationOf } from '../../analysis/escalation.ts';
import { identities, isUnreadableIdentity } from '../../analysis/identities.ts';
import { type Rule, graph } from '../../engine/rule.ts';
import { fail, pass, unknown } from '../../engine/verdict.ts';

export const iamNoPrivilegeEscalation: Rule = {
  id: 'iam-no-privilege-escalation',
  title: 'No role, user or group can widen its own rights',
  severity: 'error',
  rationale:
    'Who can write a policy, or pass a stronger role to something of their own, has every right already.',
  remediation:
    'Remove the action, name the roles it may touch, or demand a boundary by a condition on iam:PermissionsBoundary.',
  controls: [...nist80053('AC-6', 'AC-5b'), ...soc2('cc_3_3')],
  check: graph((everything) =>
    identities(everything).map((identity) => {
      const way = escalationOf(everything, identity);
      const unreadable = isUnreadableIdentity(identity);
      const expected = 'no way to more rights';
      if (way !== undefined)
        return { resource: identity.resource, verdict: fail(`escalates by ${way}`, expected) };
      return {
        resource: identity.resource,
        verdict: unreadable ? unknown('a policy that is only known after apply', expected) : pass,
      };
    }),
  ),
};
