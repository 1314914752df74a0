import { readEvidence } from '../repository/evidence.ts';
import { storedName } from '../repository/layout.ts';
import type { RestoreReport } from '../sources/files/restore/report.ts';
import { restoreInWorker } from '../sources/files/worker/run-in-worker.ts';
import { isBucketUrl } from '../sources/s3/bucket-url.ts';
import type { RestorePreview } from '../sources/postgres/restore/preview.ts';
import type { Agent, Run } from './agent.ts';
import { readLedger, type Ledger } from './ledger.ts';
import { intoBucket, openTargetBucket } from './target-bucket.ts';
import type { RestoreRequest } from './restore.ts';
import { assertFits, isDatabaseUrl } from './restore-fit.ts';
import { selectBackup, type SelectedBackup } from './select-backup.ts';

/** What a restore would bring, fetch and take. Nothing was written. */
export interface RestoreEstimate {
  readonly backup: string;
  readonly from: string;
  readonly chain: number;
  /** Of the backup; with a moment asked for, the restore stops before it. */
  readonly point: SelectedBackup['record']['manifest']['point'];
  /** Ciphertext to fetch; for files at most that much. */
  readonly fetchBytes: number;
  readonly database?: Omit<RestorePreview, 'objects'>;
  /** Into a directory: what would be written, left as it is, and refused. */
  readonly tree?: Pick<RestoreReport, 'restored' | 'bytes' | 'skipped' | 'refused'>;
  /** Requests of the erasure ledger that are looked at afterwards. */
  readonly erasures: number;
  /** Repositories whose requests are unknown. */
  readonly unreadLedgers: Ledger['unread'];
  /** By the newest drill that restored the job from there; absent where there is none. */
  readonly time?: { readonly durationMs: number; readonly drill: string };
}

/** Checks all that a restore checks before its first write, and estimates it. */
export async function estimateRestore(
  agent: Agent,
  request: RestoreRequest,
  { progress }: Run,
): Promise<RestoreEstimate> {
  const masking = request.mask === undefined ? undefined : await agent.masking(request.mask);
  const selected = await selectBackup(agent, request);
  const { record, repository, chain } = selected;
  const common = {
    backup: record.manifest.id,
    from: repository.name,
    chain: chain.length,
    point: record.manifest.point,
  };
  assertFits(request, record.manifest.source.kind);
  if (!isDatabaseUrl(request.to)) {
    const fetchBytes = sum(chain.map(({ manifest }) => sum(manifest.objects.map(sizeOf))));
    const isBucket = isBucketUrl(request.to);
    if (isBucket) await assertBucketTakes(agent, request);
    const tree = isBucket ? undefined : await previewTree(agent, request, selected);
    return { ...common, fetchBytes, ...(tree ? { tree } : {}), erasures: 0, unreadLedgers: [] };
  }
  progress.step('read the erasure ledger');
  const { requests, unread } = await readLedger(agent, request.job, selected);
  const { previewRestore } = await import('../sources/postgres/restore/preview.ts');
  const { objects, ...database } = await previewRestore({
    chain: selected.readers,
    target: await agent.databaseTarget(request.to),
    noOwner: request.noOwner,
    noPrivileges: request.noPrivileges,
    ...request.database,
    ...(request.moment === undefined ? {} : { moment: request.moment }),
    ...(masking ? { mask: masking } : {}),
    signal: agent.signal,
    now: agent.now,
    log: agent.log,
    progress,
  });
  const time = await estimateTime(agent, selected, database.rows + database.changes);
  return {
    ...common,
    fetchBytes: fetched(selected, objects),
    database,
    erasures: requests.length,
    unreadLedgers: unread,
    ...time,
  };
}

async function assertBucketTakes(agent: Agent, request: RestoreRequest): Promise<void> {
  const { assertTakes } = await import('../sources/s3/restore-to-bucket.ts');
  using bucket = await openTargetBucket(agent, request);
  await assertTakes(bucket, intoBucket(request).into, agent.signal);
}

async function previewTree(
  { signal }: Agent,
  { to, into, path }: RestoreRequest,
  { record, readers }: SelectedBackup,
): Promise<NonNullable<RestoreEstimate['tree']>> {
  const isBucket = record.manifest.source.kind === 's3';
  const report = await restoreInWorker(isBucket ? 'restoreObjects' : 'restore', {
    chain: readers,
    target: to,
    dryRun: true,
    ...(into === undefined ? {} : { into }),
    ...(path === undefined ? {} : { path }),
    signal,
    progress: { step: () => undefined, advance: () => undefined, note: () => undefined },
  });
  const { restored, bytes, skipped, refused } = report;
  return { restored, bytes, skipped, refused };
}

function fetched({ chain }: SelectedBackup, objects: RestorePreview['objects']): number {
  const sizes = new Map(
    chain.flatMap(({ manifest }) =>
      manifest.objects.map((entry) => [`${manifest.id} ${entry.name}`, entry.sizeBytes] as const),
    ),
  );
  return sum(objects.map(({ backup, name }) => sizes.get(`${backup} ${storedName(name)}`) ?? 0));
}

/** Phases of a drill that a restore of the database has, too. */
const restoring = new Set(['schema', 'load', 'replay', 'index', 'analyze']);

async function estimateTime(
  { signal }: Agent,
  { repository, log }: SelectedBackup,
  rows: number,
): Promise<Pick<RestoreEstimate, 'time'>> {
  const last = log.findLast(({ commit }) => commit.subject.type === 'evidence');
  const [record] = last ? await readEvidence(repository, [last], signal) : [];
  if (!record || record.evidence.totals.rows === 0) return {};
  const { id, phases, totals } = record.evidence;
  const took = sum(
    phases.filter(({ name }) => restoring.has(name)).map(({ durationMs }) => durationMs),
  );
  return { time: { durationMs: Math.round((took * rows) / totals.rows), drill: id } };
}

const sizeOf = ({ sizeBytes }: { readonly sizeBytes: number }) => sizeBytes;

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
