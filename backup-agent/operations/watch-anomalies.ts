import type { Manifest } from '../../contracts/manifest.ts';
import { isHoldfastError } from '../errors/holdfast-error.ts';
import { findAnomalies } from '../repository/anomalies.ts';
import { readEvidence } from '../repository/evidence.ts';
import { standings } from '../repository/standing.ts';
import type { Agent } from './agent.ts';
import { readHistoryDespiteDamage } from './history.ts';
import { holdBackup } from './hold.ts';

export interface SuspiciousBackup {
  readonly id: string;
  readonly reasons: readonly string[];
  /** The last good backup before it; absent where there is none. */
  readonly lastGood?: string;
  /** Whether that one is held now; a host without the curator key cannot. */
  readonly held: boolean;
}

/** What became of the look at backups that were just taken. */
export interface AnomalyWatch {
  readonly suspicious: readonly SuspiciousBackup[];
  /** Why unusual backups could not be looked for. */
  readonly failed?: string;
}

/**
 * Compares backups that were just taken with the job's past, by manifests alone. Before an unusual one
 * can push anything out, the last good backup is held; retention gives a suspicious one no place. The
 * backups are committed: what hinders the look is part of the answer, not an error.
 */
export async function watchAnomalies(
  agent: Agent,
  job: string,
  taken: readonly Manifest[],
): Promise<AnomalyWatch> {
  try {
    return { suspicious: await findSuspects(agent, job, taken) };
  } catch (error) {
    if (!isHoldfastError(error) || agent.signal.aborted) throw error;
    return { suspicious: [], failed: `${error.message} (${error.code})` };
  }
}

async function findSuspects(
  agent: Agent,
  job: string,
  taken: readonly Manifest[],
): Promise<SuspiciousBackup[]> {
  const { anomalies, repository: name } = agent.job(job);
  if (taken.length === 0 || !anomalies) return [];
  const repository = await agent.openRepository(name);
  const { log, backups } = await readHistoryDespiteDamage(agent, repository, job);
  const unusual = findAnomalies(
    backups.map(({ manifest }) => manifest),
    anomalies,
  );
  const suspects = taken.filter(({ id }) => unusual.has(id));
  if (suspects.length === 0) return [];
  const evidence = await readEvidence(repository, log, agent.signal);
  const anomalous = new Set(unusual.keys());
  const standing = standings(backups, { log, evidence, now: agent.now(), anomalous });
  const found: SuspiciousBackup[] = [];
  for (const { id } of suspects) {
    const lastGood = backups
      .filter(({ manifest }) => manifest.id < id)
      .findLast(({ manifest }) => /^(proven|unproven)$/.test(standing.get(manifest.id) ?? ''))
      ?.manifest.id;
    const held = lastGood !== undefined && (await hold(agent, job, lastGood, id));
    const reasons = unusual.get(id) ?? [];
    agent.log.warn({ job, backup: id, reasons, lastGood, held }, `backup ${id} is suspicious`);
    found.push({ id, reasons, ...(lastGood === undefined ? {} : { lastGood }), held });
  }
  return found;
}

async function hold(agent: Agent, job: string, backup: string, suspect: string): Promise<boolean> {
  if (!agent.configuration.keys.signing.curator) return false;
  try {
    await holdBackup(agent, { job, backup, reason: `the backup ${suspect} is suspicious` });
    return true;
  } catch (error) {
    // The backup is taken and told about; a copy that cannot be reached must not fail the run.
    if (!isHoldfastError(error) || agent.signal.aborted) throw error;
    agent.log.warn({ job, backup, error }, `the last good backup could not be held`);
    return false;
  }
}

/** For people, a line each. */
export function describeWatch({ suspicious, failed }: AnomalyWatch): string[] {
  const unwatched = `the backup is committed, but whether it is unusual could not be looked at: ${failed}`;
  return [...suspicious.map(describeSuspicion), ...(failed === undefined ? [] : [unwatched])];
}

function describeSuspicion({ id, reasons, lastGood, held }: SuspiciousBackup): string {
  const good =
    lastGood === undefined
      ? 'there is no good backup before it'
      : `the last good one, ${lastGood}, ${held ? 'is held' : 'is NOT held: hold it on a host with the curator key'}`;
  return `${id} is SUSPICIOUS: ${reasons.join('; ')}; ${good}`;
}
