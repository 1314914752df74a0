import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import type { ConsistentPoint } from '../../contracts/manifest.ts';
import type { Problem } from '../errors/holdfast-error.ts';
import type { IntoPolicy } from '../sources/files/restore/placement.ts';
import type { ErasureOutcome } from '../sources/postgres/restore/replay-erasures.ts';
import type { RestoreReport } from '../sources/files/restore/report.ts';
import { FilesThread } from '../sources/files/worker/run-in-worker.ts';
import type {
  RestoreOptions,
  RestoreResult,
} from '../sources/postgres/restore/restore-postgres.ts';
import { isBucketUrl } from '../sources/s3/bucket-url.ts';
import type { Agent, Masking, Run } from './agent.ts';
import { readLedger } from './ledger.ts';
import { unlessPruned } from './pruned-meanwhile.ts';
import { intoBucket, openTargetBucket } from './target-bucket.ts';
import { assertFits, isDatabaseUrl } from './restore-fit.ts';
import { selectBackup, type SelectedBackup, type Selection } from './select-backup.ts';

export interface RestoreRequest extends Selection {
  /** A database URL, a directory, or for a bucket's backup `s3://…`, as the job's source is. */
  readonly to: string;
  readonly noOwner: boolean;
  readonly noPrivileges: boolean;
  /** Attachments only: what may be done where the target holds something already. */
  readonly into?: IntoPolicy;
  /** Attachments only: one entry, with what lies in it. */
  readonly path?: string;
  readonly moment?: NonNullable<RestoreOptions['moment']>;
  /** Databases only. */
  readonly database?: DatabaseWishes;
  /** Databases only: a masking profile of the configuration. */
  readonly mask?: string;
}

/** What a person may ask of a restored database. */
export type DatabaseWishes = Pick<
  RestoreOptions,
  'tables' | 'roleMapping' | 'roles' | 'skipExtensions' | 'activate' | 'lanes'
>;

export interface RestoreOutcome {
  readonly backup: string;
  readonly from: string;
  /** The moment that the target now shows. */
  readonly point: ConsistentPoint;
  readonly items: number;
  readonly bytes: number;
  /** What is missing, was left out, or was put to rest, and why. */
  readonly problems: readonly Problem[];
  /** Databases only: tables that are there, perhaps not with all their rows as of that moment. */
  readonly inexact: readonly Problem[];
  readonly neutralised: readonly string[];
  /** What was left out on purpose and so proves nothing: extensions, with all that hangs on them. */
  readonly unproven: readonly string[];
  /** What the target had already and keeps. */
  readonly kept: readonly string[];
  /** What the target could not take, without harm to content. */
  readonly notes: readonly string[];
  /** Databases only: what the database itself was not given, or has otherwise. */
  readonly notApplied: readonly string[];
  /** Whether it went on where a restore that was killed had stopped. */
  readonly resumed: boolean;
  /** When the first transaction was committed that lies beyond the moment asked for. */
  readonly nextCommit?: string;
  /** Of a masked restore: columns without a rule that look personal, and what masking leaves out. */
  readonly unmasked?: readonly Problem[];
  /** The newest moment that this repository holds of the job: what came after `point` is not restored. */
  readonly newest: ConsistentPoint;
  /** What became of each request of the erasure ledger. */
  readonly erasures: readonly ErasureOutcome[];
  /** Repositories whose requests are unknown: whom only they name may be in the target. */
  readonly unreadLedgers: readonly Problem[];
}

/** Restores a backup and its chain to a database, a directory or a bucket, which must be empty. */
export async function runRestore(
  agent: Agent,
  request: RestoreRequest,
  run: Run,
): Promise<RestoreOutcome> {
  const masking = request.mask === undefined ? undefined : await agent.masking(request.mask);
  const isDatabase = isDatabaseUrl(request.to);
  const isDirectory = !isDatabase && !isBucketUrl(request.to);
  await using thread = isDirectory ? new FilesThread({ type: 'restore' }) : undefined;
  const selected = await selectBackup(agent, request);
  assertFits(request, selected.record.manifest.source.kind);
  return await unlessPruned(agent, selected, () =>
    isDatabase
      ? restoreDatabase(agent, { ...request, ...(masking ? { masking } : {}) }, selected, run)
      : restoreTree(agent, request, selected, run, thread),
  );
}

async function restoreDatabase(
  agent: Agent,
  request: RestoreRequest & { readonly masking?: Masking },
  selected: SelectedBackup,
  { progress }: Run,
): Promise<RestoreOutcome> {
  const { signal, now, log } = agent;
  // Loaded here, for a restore of files needs none of it.
  const { replayErasures } = await import('../sources/postgres/restore/replay-erasures.ts');
  const { restorePostgres } = await import('../sources/postgres/restore/restore-postgres.ts');
  const target = await agent.databaseTarget(request.to);
  // A ledger that cannot be read stops the restore before anything is written.
  progress.step('read the erasure ledger');
  const ledger = await readLedger(agent, request.job, selected);
  let erasures: readonly ErasureOutcome[] = [];
  const result = await restorePostgres({
    chain: selected.readers,
    target,
    noOwner: request.noOwner,
    noPrivileges: request.noPrivileges,
    ...request.database,
    ...(request.moment === undefined ? {} : { moment: request.moment }),
    ...(request.masking ? { mask: request.masking } : {}),
    amend: async ({ point, masking }) => {
      if (ledger.requests.length > 0) progress.step('erase people');
      erasures = await replayErasures({
        target,
        requests: ledger.requests,
        point: new Date(point.time),
        masking,
        signal,
      });
    },
    signal,
    now,
    log,
    progress,
  });
  const beyond = result.replay?.beyond;
  return {
    ...describe(selected),
    point: result.point,
    items: result.tables.length,
    bytes: result.bytes,
    problems: [
      ...result.problems,
      ...erasures
        .filter(({ outcome }) => outcome === 'failed')
        .map(({ id, what }) => ({ where: `erasure ${id}`, what: `NOT ERASED: ${what}` })),
    ],
    inexact: result.inexact.map(({ schema, name, reason }) => ({
      where: `${schema}.${name}`,
      what: reason,
    })),
    erasures,
    unreadLedgers: ledger.unread,
    neutralised: result.neutralised.map(({ kind, name, how }) => `${kind} ${name}: ${how}`),
    unproven: result.skippedExtensions.map((name) => `extension ${name}, with what hangs on it`),
    kept: result.kept,
    notes: [],
    notApplied: result.notApplied.map(({ where, what }) => `${where}: ${what}`),
    resumed: result.resumed,
    ...(beyond ? { nextCommit: new Date(Number(beyond.commitTimeUs / 1000n)).toISOString() } : {}),
    ...(result.masking ? { unmasked: unmaskedParts(result) } : {}),
  };
}

/** What a masked restore cannot answer for. */
function unmaskedParts({ masking, inventory }: RestoreResult): Problem[] {
  if (!masking) return [];
  const { count } = inventory.largeObjects;
  const kept = masking.largeObjects === 'keep';
  const objects = kept ? 'were restored as they are' : 'were restored empty';
  return [
    ...masking.undeclared,
    ...(count > 0 ? [{ where: 'large objects', what: `${count} ${objects}` }] : []),
  ];
}

async function restoreTree(
  agent: Agent,
  request: RestoreRequest,
  selected: SelectedBackup,
  { progress }: Run,
  thread: FilesThread | undefined,
): Promise<RestoreOutcome> {
  const { to, into, path } = request;
  const isBucket = selected.record.manifest.source.kind === 's3';
  const options = {
    chain: selected.readers,
    target: to,
    ...(into === undefined ? {} : { into }),
    ...(path === undefined ? {} : { path }),
    signal: agent.signal,
    progress,
  };
  const report = thread
    ? await thread.restore(isBucket ? 'restoreObjects' : 'restore', options)
    : await restoreBucket(agent, request, selected, progress);
  return {
    ...describe(selected),
    point: selected.record.manifest.point,
    items: report.restored,
    bytes: report.bytes,
    problems: report.refused,
    inexact: [],
    neutralised: [],
    unproven: [],
    kept: report.skipped > 0 ? [`${report.skipped} entries, by --into skip`] : [],
    notes: report.notes,
    notApplied: [],
    resumed: report.resumed > 0,
    erasures: [],
    unreadLedgers: [],
  };
}

async function restoreBucket(
  agent: Agent,
  request: RestoreRequest,
  { readers }: SelectedBackup,
  progress: Run['progress'],
): Promise<RestoreReport> {
  const { path } = request;
  // Loading the S3 client takes longer than many a command.
  const { restoreToBucket } = await import('../sources/s3/restore-to-bucket.ts');
  using bucket = await openTargetBucket(agent, request);
  return await restoreToBucket({
    chain: readers,
    bucket,
    ...intoBucket(request),
    ...(path === undefined ? {} : { path }),
    scratchDirectory: tmpdir(),
    uploadsDirectory: resolve(agent.directory, agent.configuration.stateDirectory, 'uploads'),
    signal: agent.signal,
    progress,
  });
}

function describe({
  record,
  repository,
  backups,
}: SelectedBackup): Pick<RestoreOutcome, 'backup' | 'from' | 'newest'> {
  const newest = (backups.at(-1) ?? record).manifest.point;
  return { backup: record.manifest.id, from: repository.name, newest };
}
