import { buffer } from 'node:stream/consumers';
import { z } from 'zod';
import type { Manifest } from '../../contracts/manifest.ts';
import { isHoldfastError, type Problem } from '../errors/holdfast-error.ts';
import { createBackupReader } from '../repository/backup-reader.ts';
import type { Repository } from '../repository/repository.ts';
import type { Agent } from './agent.ts';

/** Lists what a partial backup lacks, by name: in `meta/`, for it names paths. */
export const problemsName = 'problems.json';

const problems = z.array(z.object({ where: z.string(), what: z.string() }));

/**
 * What a backup says that it lacks, and why. Undefined when its list cannot be read here: the
 * metadata identity does not open it, or it is damaged, which `verify` tells.
 */
export async function readProblems(
  agent: Pick<Agent, 'metadataIdentities' | 'signal'>,
  { storage }: Repository,
  manifest: Manifest,
): Promise<readonly Problem[] | undefined> {
  if (manifest.problems === 0) return [];
  try {
    const reader = createBackupReader(storage, manifest, await agent.metadataIdentities());
    const bytes = await buffer(await reader.readMeta(problemsName, agent.signal));
    return problems.safeParse(JSON.parse(bytes.toString('utf8'))).data;
  } catch (error) {
    if (!isHoldfastError(error) && !(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
