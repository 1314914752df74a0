import { afsbp, nist80053 } from '../../controls/frameworks.ts';
import { eachContainer } from '../../analysis/containers.ts';
import type { Rule } from '../../engine/rule.ts';
import { isKnown, textOf } from '../../engine/value.ts';
import { all, isNotTrue, requires } from '../../engine/verdict.ts';

export const ecsNotPrivileged: Rule = {
  id: 'ecs-not-privileged',
  title: 'Containers run without privileges, and not as root',
  severity: 'error',
  rationale:
    'A privileged container is the host; root in a container is one kernel flaw away from it.',
  remediation: 'Remove privileged and set user to a number above 0.',
  controls: [...afsbp('ECS.4'), ...nist80053('AC-6')],
  check: eachContainer('privileged off and a user that is not root', (container) =>
    all(
      requires(container, 'privileged', isNotTrue),
      requires(container, 'user', {
        expected: 'a user that is not root',
        test: (user) =>
          isKnown(user ?? null)
            ? user !== undefined && !/^(0|root)(:|$)/.test(textOf(user))
            : undefined,
      }),
    ),
  ),
};
