import type { TerraformProvider } from '../lib/cdktf.ts';
import type { EnvironmentStack } from '../lib/environment-stack.ts';

/** One of the environment's two regions, as its own recorder and detectors see it. */
export interface WatchedRegion {
  /** Stands in the ids of what is made there. */
  readonly id: 'home' | 'offsite';
  readonly name: string;
  readonly account: string;
  readonly on: { readonly provider?: TerraformProvider };
  /** Whether services' roles must be made there: once an account. */
  readonly ownRoles: boolean;
}

/** Both regions; the off-site one may lie in another account. */
export function watchedRegions(stack: EnvironmentStack): readonly WatchedRegion[] {
  const { account, region, offsite } = stack.environment;
  return [
    { id: 'home', name: region, account, on: {}, ownRoles: true },
    {
      id: 'offsite',
      name: offsite.region,
      account: stack.offsiteAccount,
      on: { provider: stack.offsite },
      ownRoles: stack.offsiteAccount !== account,
    },
  ];
}
