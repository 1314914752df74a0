import type { SignerRole } from '../../contracts/commit.ts';
import type { SigningKey } from '../keys/signing-key.ts';
import type { Agent } from './agent.ts';

/**
 * The key to sign with, asked for before anything is written: throws what `signingKey` throws, and
 * `state-unusable` when this host could not remember the commit.
 */
export async function readyToSign(agent: Agent, role: SignerRole): Promise<SigningKey> {
  const key = await agent.signingKey(role);
  await agent.seenCommits.assertUsable();
  return key;
}
