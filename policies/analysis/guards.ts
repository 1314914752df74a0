import { type Check, graph, type Verdict } from '../engine/rule.ts';
import type { Resource } from '../engine/resource.ts';
import { fail } from '../engine/verdict.ts';

/**
 * A check for a setting that an account or region has once: where the account's baseline is built
 * (seen by `anchor`), the resource must be there and satisfy the check.
 */
export function accountGuard(
  anchor: string,
  type: string,
  judge: (guard: Resource) => Verdict,
): Check {
  return graph((all) => {
    const guards = all.of(type);
    if (guards.length > 0)
      return guards.map((resource) => ({ resource, verdict: judge(resource) }));
    return all
      .of(anchor)
      .slice(0, 1)
      .map((resource) => ({ resource, verdict: fail(`no ${type}`, `an ${type} beside it`) }));
  });
}
