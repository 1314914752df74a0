import type { CentralService } from '../../contracts/environment/central-services.ts';
import { environmentType } from '../engine/environment.ts';
import { type Check, graph, type Verdict } from '../engine/rule.ts';
import type { Resource } from '../engine/resource.ts';
import { textOf } from '../engine/value.ts';
import { fail, notApplicable } from '../engine/verdict.ts';

/**
 * A check for a setting that an account or region has once: where the account's baseline is built
 * (seen by `anchor`), the resource must be there and satisfy the check, unless the environment says that
 * its organization runs the service.
 */
export function accountGuard(
  anchor: string,
  type: string,
  judge: (guard: Resource) => Verdict,
  service?: CentralService,
): Check {
  return graph((all) => {
    const guards = all.of(type);
    if (guards.length > 0)
      return guards.map((resource) => ({ resource, verdict: judge(resource) }));
    const central = all.of(environmentType).flatMap(centralServicesOf);
    const verdict = central.some((entry) => entry.service === service)
      ? notApplicable
      : fail(`no ${type}`, `an ${type} beside it`);
    return all
      .of(anchor)
      .slice(0, 1)
      .map((resource) => ({ resource, verdict }));
  });
}

/** What an environment says that its organization runs, and why. */
export function centralServicesOf(file: Resource): { service: string; reason: string }[] {
  return file.blocks('runCentrally').map((entry) => ({
    service: textOf(entry['service']),
    reason: textOf(entry['reason']),
  }));
}
