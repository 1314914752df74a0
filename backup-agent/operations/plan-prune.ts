import pMap from 'p-map';
import { isHoldfastError, isIntegrity } from '../errors/holdfast-error.ts';
import type { BackupRecord } from '../repository/backups.ts';
import { readEvidenceOf, type EvidenceRecord } from '../repository/evidence.ts';
import { backupPrefix } from '../repository/layout.ts';
import type { Repository } from '../repository/repository.ts';
import {
  decideRetention,
  type RetainedBackup,
  type RetentionDecision,
} from '../repository/retention.ts';
import { anomalousBackups } from '../repository/anomalies.ts';
import { standings, type Standing } from '../repository/standing.ts';
import type { Agent } from './agent.ts';
import type { History } from './history.ts';

export interface PrunableBackup extends RetainedBackup {
  readonly storedBytes: number;
}

const parallelLookups = 8;

/** What retention decides, oldest first. What the storage would not let go is kept whole, and says so. */
export async function planPrune(
  agent: Agent,
  repository: Repository,
  job: string,
  { log, backups }: History,
  now: Date,
): Promise<RetentionDecision<PrunableBackup>[]> {
  const rules = agent.job(job).retention;
  const evidence = await readableEvidence(agent, repository, log);
  const anomalous = anomalousBackups(backups, agent.job(job).anomalies);
  const standing = standings(backups, { log, evidence, now, anomalous });
  const known = backups.map((backup) =>
    toPrunable(backup, standing.get(backup.manifest.id) ?? 'unproven'),
  );
  const doomed = decideRetention(known, rules, now).filter(({ keep }) => !keep);
  const locks = await pMap(
    doomed,
    async ({ backup: { id } }) => [id, await lockOn(repository, job, id, agent.signal)] as const,
    { concurrency: parallelLookups, signal: agent.signal },
  );
  const lockOf = new Map(locks);
  return decideRetention(
    known.map((backup) => ({ ...backup, ...lockOf.get(backup.id) })),
    rules,
    now,
  );
}

/** Evidence that is lost proves nothing; it must not keep a repository from being pruned for ever. */
export async function readableEvidence(
  agent: Pick<Agent, 'log' | 'signal'>,
  repository: Repository,
  log: History['log'],
): Promise<EvidenceRecord[]> {
  const named = log.filter(({ commit }) => commit.subject.type === 'evidence');
  const read = await pMap(
    named,
    async (record) => {
      try {
        return [await readEvidenceOf(repository, record, agent.signal)];
      } catch (error) {
        if (!isHoldfastError(error) || !isIntegrity(error)) throw error;
        agent.log.warn({ error }, `evidence that cannot be read proves nothing: ${error.message}`);
        return [];
      }
    },
    { concurrency: parallelLookups, signal: agent.signal },
  );
  return read.flat();
}

function toPrunable({ manifest, committedAt, held }: BackupRecord, standing: Standing) {
  const { id, kind, parent, point, storedBytes } = manifest;
  return {
    id,
    kind,
    parent,
    time: new Date(point.time),
    committedAt: new Date(committedAt),
    held,
    standing,
    storedBytes,
  };
}

/** The longest lock on any of a backup's objects. */
async function lockOn(
  { storage }: Repository,
  job: string,
  id: string,
  signal: AbortSignal,
): Promise<Pick<RetainedBackup, 'lockedUntil' | 'legalHold'>> {
  let lockedUntil: Date | undefined;
  let legalHold = false;
  const versions = storage.listVersions(backupPrefix(job, id), { signal, withLocks: true });
  for await (const version of versions) {
    legalHold ||= version.legalHold ?? false;
    if (version.lockedUntil && (!lockedUntil || version.lockedUntil > lockedUntil))
      lockedUntil = version.lockedUntil;
  }
  return { lockedUntil, legalHold };
}
