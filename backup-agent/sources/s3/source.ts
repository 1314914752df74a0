import { randomBytes } from 'node:crypto';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import { defaultSegmentBytes, keyBytes, planChain, preparedBackup } from '../files/chain-plan.ts';
import { ContentKey } from '../files/content-key.ts';
import { interruptedFindings, keyOfInterrupted, noteOfKey } from '../files/interrupted.ts';
import { PathFilter } from '../files/path-filter.ts';
import { emptiedSince, entriesOf } from '../files/lineage.ts';
import type { BackupRun, Preflight, PreparedBackup, Resumable, Source } from '../source.ts';
import { Bucket, type BucketOptions } from './bucket.ts';
import { backUpBucket } from './bucket-backup.ts';
import { smallestUploadBytes } from './large-object.ts';
import { contentKey, objectIndexName } from './object-index.ts';

export interface S3SourceOptions extends BucketOptions {
  /** gitignore syntax, for the keys below the prefix. */
  readonly exclude?: readonly string[];
  /** The same: with any, only objects that match are taken. */
  readonly include?: readonly string[];
  /** Plaintext of a segment, about; 64 MiB unless told. */
  readonly segmentBytes?: number;
  /** Objects larger than a segment are stored in parts, which are no smaller than this; 5 MiB unless told. */
  readonly smallestPartBytes?: number;
  /** Segments in the making at once; 2 unless told. */
  readonly lanes?: number;
  /** Fetches ahead in each segment; 8 unless told. */
  readonly fetchesAtOnce?: number;
  /** The bucket may have become empty since the last backup. */
  readonly allowEmpty?: boolean;
  /** For the key of a new chain; the system's randomness unless told. */
  readonly randomBytes?: (count: number) => Uint8Array;
}

/** The objects of a bucket: a full, or what changed since the last backup (the last full). */
export function createS3Source(options: S3SourceOptions): Source {
  return {
    kind: 's3',
    preflight: ({ signal }) => preflight(options, signal),
    backup: (run) => backup(options, run),
  };
}

async function preflight(options: S3SourceOptions, signal: AbortSignal): Promise<Preflight> {
  using bucket = new Bucket(options);
  try {
    const objects = bucket.list(signal);
    await objects.next();
    await objects.return(undefined);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    const finding = { severity: 'error', where: bucket.location, what: error.message } as const;
    return { findings: [finding] };
  }
  return { findings: [] };
}

async function* backup(
  options: S3SourceOptions,
  run: BackupRun,
): AsyncGenerator<PreparedBackup, void, undefined> {
  using bucket = new Bucket(options);
  const plan = planChain(run);
  const { kind, parents, whole } = plan;
  const last = parents.at(-1);
  const key = last
    ? await contentKey(last, run.signal)
    : new ContentKey((options.randomBytes ?? randomBytes)(keyBytes));
  const continued = run.verifyContent ? undefined : resumable(options, parents, whole, key);
  const writer = await run.begin(kind, continued);
  const left = await interruptedFindings(writer.interrupted, objectIndexName);
  const findings =
    left ??
    (await backUpBucket({
      bucket,
      filter: new PathFilter({ exclude: options.exclude ?? [], include: options.include ?? [] }),
      segmentBytes: options.segmentBytes ?? defaultSegmentBytes,
      partBytes: partBytesOf(options),
      lanes: options.lanes ?? 2,
      fetchesAtOnce: options.fetchesAtOnce ?? 8,
      whole,
      parents,
      key: ContentKey.fromBase64(keyOfInterrupted(writer.interrupted, key.base64)),
      startedAt: run.now(),
      writer,
      signal: run.signal,
      progress: run.progress,
      emptied:
        (run.allowEmpty ?? options.allowEmpty)
          ? undefined
          : emptiedSince(bucket.location, run.chain),
      expectedEntries: entriesOf(run.chain),
      verifyContent: run.verifyContent ?? false,
    }));
  yield preparedBackup(plan, run.requested, writer, findings, left !== undefined);
}

function partBytesOf({
  segmentBytes = defaultSegmentBytes,
  smallestPartBytes = smallestUploadBytes,
}: S3SourceOptions): number {
  return Math.max(segmentBytes, smallestPartBytes);
}

function resumable(
  options: S3SourceOptions,
  parents: BackupRun['chain'],
  whole: boolean,
  key: ContentKey,
): Resumable {
  const chain = parents.map(({ id }) => id);
  const { bucket, prefix = '', endpoint, exclude = [], include = [] } = options;
  const taken = { bucket, prefix, endpoint, exclude, include };
  const plan = { source: 's3', ...taken, partBytes: partBytesOf(options), chain, whole };
  return { plan: JSON.stringify(plan), note: noteOfKey(key.base64) };
}
