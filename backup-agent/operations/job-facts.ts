import type { ObjectiveResult } from '../../contracts/evidence.ts';
import { isHoldfastError } from '../errors/holdfast-error.ts';
import type { BackupRecord } from '../repository/backups.ts';
import type { CommitRecord } from '../repository/commit-log.ts';
import { readEvidence } from '../repository/evidence.ts';
import { leaseState, type LeaseState } from '../repository/lease.ts';
import { anomalousBackups } from '../repository/anomalies.ts';
import { standings } from '../repository/standing.ts';
import type { Agent } from './agent.ts';
import { recallHistory } from './history.ts';
import { everyRepository } from './run-job.ts';

export { leaseStates } from '../repository/lease.ts';

/** What the log of one repository tells of a job. Times are ISO 8601 in UTC. */
export interface RepositoryFacts {
  readonly repository: string;
  readonly offsite: boolean;
  /** The error that hid everything else, when the repository could not be read. */
  readonly unreadable?: string;
  readonly backups: number;
  readonly storedBytes: number;
  /** Before compression. */
  readonly plaintextBytes: number;
  readonly lease?: LeaseState;
  /** The newest backup that restores as far as is known: whole, and neither failed nor suspicious. */
  readonly restorable?: BackupFacts;
  readonly lastBackupAt?: string;
  readonly lastFullAt?: string;
  readonly lastDrill?: DrillFacts;
  readonly lastVerificationAt?: string;
}

export interface BackupFacts {
  readonly id: string;
  readonly kind: string;
  /** The moment that it restores to. */
  readonly pointAt: string;
  readonly committedAt: string;
}

export interface DrillFacts {
  readonly id: string;
  readonly at: string;
  readonly outcome: 'passed' | 'failed';
  readonly objectives: readonly ObjectiveResult[];
}

/** The job's own repository first, then its copies. What cannot be read is said, not thrown. */
export async function readJobFacts(agent: Agent, job: string): Promise<RepositoryFacts[]> {
  return await Promise.all(
    everyRepository(agent, job).map((name, index) => readFacts(agent, job, name, index > 0)),
  );
}

const nothing = { backups: 0, storedBytes: 0, plaintextBytes: 0 };

async function readFacts(
  agent: Agent,
  job: string,
  name: string,
  offsite: boolean,
): Promise<RepositoryFacts> {
  try {
    const repository = await agent.openRepository(name);
    const { log, backups } = await recallHistory(agent, repository, job);
    const drills = await readEvidence(repository, log, agent.signal);
    const anomalous = anomalousBackups(backups, agent.job(job).anomalies);
    const now = agent.now();
    const standing = standings(backups, { log, evidence: drills, now, anomalous });
    const restorable = backups.findLast(({ manifest }) => {
      const known = standing.get(manifest.id);
      return known !== 'failed' && known !== 'suspicious';
    });
    const drill = drills.at(-1)?.evidence;
    return {
      repository: name,
      offsite,
      backups: backups.length,
      storedBytes: backups.reduce((sum, { manifest }) => sum + manifest.storedBytes, 0),
      plaintextBytes: backups.reduce((sum, { manifest }) => sum + manifest.plaintextBytes, 0),
      lease: await leaseState(repository.storage, job, agent),
      ...(restorable ? { restorable: describe(restorable) } : {}),
      ...lastStarts(backups),
      ...(drill
        ? {
            lastDrill: {
              id: drill.id,
              at: drill.startedAt,
              outcome: drill.outcome,
              objectives: drill.objectives,
            },
          }
        : {}),
      ...lastVerification(log),
    };
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    if (error.code === 'repository-not-found') return { repository: name, offsite, ...nothing };
    const unreadable = `${error.message} (${error.code})`;
    return { repository: name, offsite, ...nothing, unreadable };
  }
}

function describe({ manifest, committedAt }: BackupRecord): BackupFacts {
  return { id: manifest.id, kind: manifest.kind, pointAt: manifest.point.time, committedAt };
}

function lastStarts(backups: readonly BackupRecord[]) {
  const last = backups.at(-1)?.manifest.startedAt;
  const full = backups.findLast(({ manifest }) => manifest.kind === 'full')?.manifest.startedAt;
  return {
    ...(last === undefined ? {} : { lastBackupAt: last }),
    ...(full === undefined ? {} : { lastFullAt: full }),
  };
}

function lastVerification(log: readonly CommitRecord[]) {
  const at = log.findLast(({ commit }) => commit.subject.type === 'verification')?.commit.at;
  return at === undefined ? {} : { lastVerificationAt: at };
}
