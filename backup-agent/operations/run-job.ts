import { HoldfastError, isHoldfastError, type Problem } from '../errors/holdfast-error.ts';
import type { Manifest } from '../../contracts/manifest.ts';
import type { Agent, Run } from './agent.ts';
import { runBackup, type BackupRequest } from './backup.ts';
import { copyBackups } from './copy.ts';
import { runDrill } from './drill.ts';
import { pruneBackups } from './prune.ts';
import { describeWatch, watchAnomalies } from './watch-anomalies.ts';
import { verifyBackups } from './verify.ts';

/** What a schedule can start, the most valuable first: a new restorable point, then its copy. */
export const runKinds = ['full', 'incremental', 'copy', 'drill', 'verify', 'prune'] as const;
export type RunKind = (typeof runKinds)[number];

/** `bad`: the run did its work, and what it found needs a person. */
export interface JobRunResult {
  readonly job: string;
  readonly kind: RunKind;
  readonly outcome: 'good' | 'partial' | 'bad';
  readonly summary: string;
  /** Stored, copied or freed. */
  readonly bytes: number;
  /** What a backup took, or a drill compared. */
  readonly contents?: RunContents;
}

export interface RunContents {
  /** Rows of a database, files of a tree. */
  readonly items: number;
  readonly objects: number;
  /** Before compression. */
  readonly plaintextBytes: number;
}

/** A scheduled verification reads a seventh of the objects, so that seven runs read all. */
const partsOfVerification = 7;

/**
 * One run of one kind, as a schedule starts it: copies go to every repository of the job,
 * verifications and prunes look at all of them, drills alternate between them. Throws what the use
 * case throws; where one repository fails, the others are still served first.
 */
export async function runJob(
  agent: Agent,
  { job, kind }: { readonly job: string; readonly kind: RunKind },
  run: Run,
): Promise<JobRunResult> {
  return { job, kind, ...(await work[kind](agent, job, run)) };
}

type Work = (agent: Agent, job: string, run: Run) => Promise<Omit<JobRunResult, 'job' | 'kind'>>;

const work: Record<RunKind, Work> = {
  full: (agent, job, run) => backUp(agent, { job, kind: 'full' }, run),
  incremental: (agent, job, run) => backUp(agent, { job, kind: 'incremental' }, run),
  copy: async (agent, job, run) => {
    const copies = await inEach(agent, agent.job(job).copies, (target) =>
      copyBackups(agent, job, target, run),
    );
    const count = sum(copies.map(({ copied }) => copied.length));
    const bytes = sum(copies.map((copy) => copy.bytes));
    const uncopied = copies.flatMap((copy) => copy.uncopied);
    const lost = uncopied.map(({ where, what }) => `NOT COPIED: ${where}: ${what}`);
    const outcome = lost.length === 0 ? 'good' : 'bad';
    return { outcome, bytes, summary: [`${count} backups copied`, ...lost].join('; ') };
  },
  drill: async (agent, job, run) => {
    const from = agent.job(job).copies.length > 0 ? { from: 'alternate' } : {};
    const { evidence } = await runDrill(agent, { job, backup: 'latest', ...from }, run);
    const { backup, repository, outcome } = evidence;
    const summary = `drill of ${backup.id} from ${repository} ${outcome}`;
    return { outcome: outcome === 'passed' ? 'good' : 'bad', bytes: 0, summary };
  },
  verify: async (agent, job, run) => {
    const read = { type: 'part', parts: partsOfVerification } as const;
    const reports = await inEach(agent, everyRepository(agent, job), (repository) =>
      verifyBackups(agent, { job, repository, read }, run),
    );
    const damaged = sum(reports.map(({ damage }) => damage.length));
    const summary = damaged === 0 ? 'nothing damaged' : `${damaged} damaged or missing`;
    return { outcome: damaged === 0 ? 'good' : 'bad', bytes: 0, summary };
  },
  prune: async (agent, job, run) => {
    const outcomes = await inEach(agent, everyRepository(agent, job), (repository) =>
      pruneBackups(agent, { job, repository, confirm: true }, run),
    );
    const bytes = sum(outcomes.map(({ freedBytes }) => freedBytes));
    return { outcome: 'good', bytes, summary: `${bytes} bytes freed` };
  },
};

function summarise({ kind, id, items, storedBytes, problems }: Manifest): string {
  const found = problems > 0 ? `, ${problems} problems` : '';
  return `${kind} ${id}: ${items} items, ${storedBytes} bytes stored${found}`;
}

async function backUp(agent: Agent, request: BackupRequest, run: Run) {
  const taken = await runBackup(agent, request, run);
  const watch = await watchAnomalies(agent, request.job, taken);
  const partial = taken.some(({ status }) => status === 'partial');
  const summary = taken.map(summarise).join(', ') || 'nothing has changed';
  return {
    outcome: watch.suspicious.length > 0 ? 'bad' : partial ? 'partial' : 'good',
    bytes: sum(taken.map(({ storedBytes }) => storedBytes)),
    contents: {
      items: sum(taken.map(({ items }) => items)),
      objects: sum(taken.map(({ objects, meta }) => objects.length + meta.length)),
      plaintextBytes: sum(taken.map(({ plaintextBytes }) => plaintextBytes)),
    },
    summary: [summary, ...describeWatch(watch)].join('; '),
  } as const;
}

export function everyRepository(agent: Agent, job: string): readonly string[] {
  const { repository, copies } = agent.job(job);
  return [repository, ...copies];
}

/** One failure does not keep the other repositories waiting; it is thrown at the end. */
async function inEach<Result>(
  agent: Agent,
  repositories: readonly string[],
  work: (repository: string) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const failures: { readonly repository: string; readonly error: HoldfastError }[] = [];
  for (const repository of repositories) {
    try {
      results.push(await work(repository));
    } catch (error) {
      if (!isHoldfastError(error) || agent.signal.aborted) throw error;
      failures.push({ repository, error });
    }
  }
  const [first] = failures;
  if (!first) return results;
  const problems = failures.map(({ repository, error }): Problem => ({
    where: repository,
    what: error.message,
  }));
  throw new HoldfastError(first.error.code, first.error.message, { cause: first.error, problems });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
