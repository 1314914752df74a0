import { workloadPath } from '../identity/boundaries.ts';
import type { EnvironmentStack } from '../lib/environment-stack.ts';

/** The duties of the agent, each with a role of its own; `offsite` ones live in the off-site account. */
export const duties = {
  writer: { name: 'agent-run', offsite: false },
  copier: { name: 'agent-copy', offsite: false },
  pruner: { name: 'agent-prune', offsite: false },
  restorer: { name: 'agent-restore', offsite: false },
  curator: { name: 'agent-curate', offsite: false },
  offsitePruner: { name: 'agent-prune-offsite', offsite: true },
  offsiteRestorer: { name: 'agent-restore-offsite', offsite: true },
  drill: { name: 'agent-drill', offsite: true },
} as const;
export type Duty = keyof typeof duties;

/** A role's ARN, known before the role exists: the vaults' policies name it. */
export function roleArn(stack: EnvironmentStack, duty: Duty): string {
  const { name, offsite } = duties[duty];
  const account = offsite ? stack.offsiteAccount : stack.environment.account;
  return stack.arn('iam', `role${workloadPath(stack)}${stack.named(name)}`, {
    region: '',
    account,
  });
}
