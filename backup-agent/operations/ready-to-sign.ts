import type { SignerRole } from '../../contracts/commit.ts';
import type { Agent } from './agent.ts';

/**
 * Asked before anything is written: throws what `signingKey` throws, and `state-unusable` when this
 * host could not remember the commit.
 */
export async function assertReadyToSign(agent: Agent, role: SignerRole): Promise<void> {
  await agent.signingKey(role);
  await agent.seenCommits.assertUsable();
}
