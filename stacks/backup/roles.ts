import { workloadPath } from '../identity/boundaries.ts';
import type { EnvironmentStack } from '../lib/environment-stack.ts';

/** The duties of the agent, each with a role of its own; `offsite` ones live in the off-site account. */
export const duties = {
  writer: { name: 'agent-run', offsite: false },
  copier: { name: 'agent-copy', offsite: false },
  pruner: { name: 'agent-prune', offsite: false },
  validator: { name: 'agent-validate', offsite: false },
  verifier: { name: 'agent-verify', offsite: false },
  restorer: { name: 'agent-restore', offsite: false },
  curator: { name: 'agent-curate', offsite: false },
  offsiteCurator: { name: 'agent-curate-offsite', offsite: true },
  offsitePruner: { name: 'agent-prune-offsite', offsite: true },
  offsiteVerifier: { name: 'agent-verify-offsite', offsite: true },
  offsiteRestorer: { name: 'agent-restore-offsite', offsite: true },
  drill: { name: 'agent-drill', offsite: true },
} as const;
export type Duty = keyof typeof duties;

/** The role by which ECS starts a task: pulls its image, reads its secrets, writes its log. */
export function starterName(duty: Duty): string {
  return `${duties[duty].name}-start`;
}

/** Its ARN, known before it exists: the secrets' policies name it. */
export function starterArn(
  stack: EnvironmentStack,
  duty: Duty,
): { readonly arn: string; readonly offsite: boolean } {
  const { offsite } = duties[duty];
  return { arn: workloadArn(stack, starterName(duty), offsite), offsite };
}

function workloadArn(stack: EnvironmentStack, name: string, offsite: boolean): string {
  const account = offsite ? stack.offsiteAccount : stack.environment.account;
  return stack.arn('iam', `role${workloadPath(stack)}${stack.named(name)}`, {
    region: '',
    account,
  });
}

/** A role's ARN, known before the role exists: the vaults' policies name it. */
export function roleArn(stack: EnvironmentStack, duty: Duty): string {
  const { name, offsite } = duties[duty];
  return workloadArn(stack, name, offsite);
}
