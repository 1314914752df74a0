import type { Evidence } from '../../contracts/evidence.ts';
import type { Job } from '../../contracts/job.ts';
import { isHoldfastError } from '../errors/holdfast-error.ts';
import { timeOfBackupId } from '../repository/backup-id.ts';
import type { BackupRecord } from '../repository/backups.ts';
import type { CommitRecord } from '../repository/commit-log.ts';
import { readEvidence, type EvidenceRecord } from '../repository/evidence.ts';
import type { Repository } from '../repository/repository.ts';
import type { RetentionDecision } from '../repository/retention.ts';
import { anomalousBackups } from '../repository/anomalies.ts';
import { standings, type Standing } from '../repository/standing.ts';
import type { Agent } from './agent.ts';
import { recallHistory, type History } from './history.ts';
import { keysStatusOf, type KeysStatus } from './keys-status.ts';
import { planPrune, type PrunableBackup } from './plan-prune.ts';
import { everyRepository } from './run-job.ts';
import { readStatus, type JobStatus, type Status } from './status.ts';

/** Everything that the status page shows. Times are ISO 8601 in UTC. */
export interface StatusReport {
  readonly at: string;
  /** Timelines and charts start here. */
  readonly since: string;
  /** Host and process that read the repositories. */
  readonly by: string;
  readonly state: Status['state'];
  readonly jobs: readonly JobReport[];
}

export interface JobReport {
  readonly job: string;
  readonly status: JobStatus;
  readonly configuration: Pick<
    Job,
    'schedules' | 'retention' | 'objectives' | 'maxChainAge' | 'copies' | 'repository'
  >;
  readonly repositories: readonly RepositoryReport[];
  /** Of the job's own repository; absent where that cannot be told. */
  readonly access?: KeysStatus;
}

export interface RepositoryReport {
  readonly repository: string;
  readonly offsite: boolean;
  readonly unreadable?: string;
  /** Those that exist, oldest first. */
  readonly backups: readonly ReportedBackup[];
  /** Every backup that the log ever took in, pruned ones too, in its order. */
  readonly taken: readonly TakenBackup[];
  readonly drills: readonly Evidence[];
  readonly verifications: readonly { readonly at: string; readonly passed: boolean }[];
  readonly retention: readonly RetentionDecision<PrunableBackup>[];
}

export interface ReportedBackup {
  readonly id: string;
  readonly kind: BackupRecord['manifest']['kind'];
  readonly parent?: string;
  readonly base: string;
  readonly startedAt: string;
  readonly committedAt: string;
  readonly pointAt: string;
  readonly storedBytes: number;
  readonly plaintextBytes: number;
  readonly standing: Standing;
  readonly held: boolean;
}

export interface TakenBackup {
  readonly id: string;
  /** Unknown once it was pruned. */
  readonly kind?: ReportedBackup['kind'];
  readonly committedAt: string;
  /** The moment it restores to; of a pruned one, when it was begun. */
  readonly pointAt: string;
}

/** Reads all that the status page shows. What cannot be read is part of the answer, not an error. */
export async function readStatusReport(
  agent: Agent,
  jobs: readonly string[],
  since: Date,
): Promise<StatusReport> {
  const status = await readStatus(agent, jobs);
  return {
    at: status.at,
    since: since.toISOString(),
    by: agent.by,
    state: status.state,
    jobs: await Promise.all(status.jobs.map((each) => readJob(agent, each))),
  };
}

async function readJob(agent: Agent, status: JobStatus): Promise<JobReport> {
  const { job } = status;
  const [home, ...copies] = await Promise.all(
    everyRepository(agent, job).map((name, index) => readRepository(agent, job, name, index > 0)),
  );
  const { schedules, retention, objectives, maxChainAge, repository } = agent.job(job);
  const access = home?.history && (await readAccess(agent, job, repository, home.history));
  return {
    job,
    status,
    configuration: {
      schedules,
      retention,
      objectives,
      maxChainAge,
      repository,
      copies: agent.job(job).copies,
    },
    repositories: [home, ...copies].flatMap((read) => read?.report ?? []),
    ...(access ? { access } : {}),
  };
}

interface ReadRepository {
  readonly report: RepositoryReport;
  readonly history?: History;
}

async function readRepository(
  agent: Agent,
  job: string,
  name: string,
  offsite: boolean,
): Promise<ReadRepository> {
  const nothing = { backups: [], taken: [], drills: [], verifications: [], retention: [] };
  try {
    const repository = await agent.openRepository(name);
    const { report, history } = await readExisting(agent, job, repository);
    return { report: { repository: name, offsite, ...report }, history };
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    if (error.code === 'repository-not-found')
      return { report: { repository: name, offsite, ...nothing } };
    const unreadable = `${error.message} (${error.code})`;
    return { report: { repository: name, offsite, unreadable, ...nothing } };
  }
}

async function readExisting(agent: Agent, job: string, repository: Repository) {
  const now = agent.now();
  const history = await recallHistory(agent, repository, job);
  const { log, backups } = history;
  const evidence: readonly EvidenceRecord[] = await readEvidence(repository, log, agent.signal);
  const anomalous = anomalousBackups(backups, agent.job(job).anomalies);
  const standing = standings(backups, { log, evidence, now, anomalous });
  return {
    history,
    report: {
      backups: backups.map((backup) => describe(backup, standing)),
      taken: everTaken(log, backups),
      drills: evidence.map((record) => record.evidence),
      verifications: verificationsIn(log),
      retention: await planPrune(agent, repository, job, history, now),
    },
  };
}

function describe(
  { manifest, committedAt, held }: BackupRecord,
  standing: ReadonlyMap<string, Standing>,
): ReportedBackup {
  const { id, kind, parent, base, startedAt, point, storedBytes, plaintextBytes } = manifest;
  return {
    id,
    kind,
    ...(parent === undefined ? {} : { parent }),
    base,
    startedAt,
    committedAt,
    pointAt: point.time,
    storedBytes,
    plaintextBytes,
    standing: standing.get(id) ?? 'unproven',
    held,
  };
}

function everTaken(
  log: readonly CommitRecord[],
  backups: readonly BackupRecord[],
): readonly TakenBackup[] {
  const known = new Map(backups.map(({ manifest }) => [manifest.id, manifest]));
  return log.flatMap(({ commit: { subject, at } }): TakenBackup[] => {
    if (subject.type !== 'backup') return [];
    const { id } = subject;
    const manifest = known.get(id);
    if (!manifest) return [{ id, committedAt: at, pointAt: timeOfBackupId(id).toISOString() }];
    return [{ id, kind: manifest.kind, committedAt: at, pointAt: manifest.point.time }];
  });
}

function verificationsIn(log: readonly CommitRecord[]): RepositoryReport['verifications'] {
  return log.flatMap(({ commit: { subject, at } }) =>
    subject.type === 'verification' ? [{ at, passed: subject.failed.length === 0 }] : [],
  );
}

/** Needs this host's metadata identity to name it; a host without one still gets its page. */
async function readAccess(
  agent: Agent,
  job: string,
  repository: string,
  history: History,
): Promise<KeysStatus | undefined> {
  try {
    return await keysStatusOf(agent, job, repository, history);
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    agent.log.warn({ job, error }, `who may read cannot be told: ${error.message}`);
    return undefined;
  }
}
