import { randomBytes } from 'node:crypto';
import { lstatSync, opendirSync } from 'node:fs';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import type {
  BackupRun,
  BackupWriter,
  Preflight,
  PreparedBackup,
  Resumable,
  Source,
} from '../source.ts';
import { attributesLeftOut } from './attributes/left-out.ts';
import { defaultSegmentBytes, keyBytes, planChain, preparedBackup } from './chain-plan.ts';
import { ContentKey } from './content-key.ts';
import { indexName, openIndex } from './index-reader.ts';
import { interruptedFindings, keyOfInterrupted, noteOfKey } from './interrupted.ts';
import { emptiedSince, entriesOf } from './lineage.ts';
import { errorText, isGone } from './system-errors.ts';
import { backUpTree, type TreeBackupOptions } from './tree-backup.ts';
import { FilesThread } from './worker/run-in-worker.ts';

export interface FilesSourceOptions {
  /** The directory to back up, absolute. */
  readonly path: string;
  /** gitignore syntax. */
  readonly exclude?: readonly string[];
  /** gitignore syntax: with any, only files that match are taken. */
  readonly include?: readonly string[];
  /** Mounted file systems below `path` are left out, their mount points kept; true unless told. */
  readonly oneFileSystem?: boolean;
  /** Extended attributes and ACLs are kept, where the system has them; true unless told. */
  readonly extendedAttributes?: boolean;
  /** Plaintext of a segment, about; 64 MiB unless told. */
  readonly segmentBytes?: number;
  /** Files larger than a segment are stored in parts, which are no smaller than this; 1 MiB unless told. */
  readonly smallestPartBytes?: number;
  /** Reads every file again, also where size, times and inode say that it did not change. */
  readonly verifyContent?: boolean;
  /** Segments in the making at once; 2 unless told. */
  readonly lanes?: number;
  /** The source may have become empty since the last backup. */
  readonly allowEmpty?: boolean;
  /** For the key of a new chain; the system's randomness unless told. */
  readonly randomBytes?: (count: number) => Uint8Array;
  /** Walks, reads and packs in a thread of its own, while the calling one encrypts and stores. */
  readonly inWorker?: boolean;
}

const smallestPartBytes = 1024 * 1024;

/** A directory tree: a full, or what changed since the last backup (the last full, differential). */
export function createFilesSource(options: FilesSourceOptions): Source {
  return {
    kind: 'files',
    preflight: () => preflight(options),
    backup: (run) => backup(options, run),
  };
}

async function preflight({
  path,
  extendedAttributes = true,
}: FilesSourceOptions): Promise<Preflight> {
  try {
    assertDirectory(path);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return { findings: [{ severity: 'error', where: path, what: error.message }] };
  }
  const leftOut = await attributesLeftOut(path, extendedAttributes);
  if (leftOut === undefined) return { findings: [] };
  const what = `extended attributes and ACLs are not backed up: ${leftOut}`;
  return { findings: [{ severity: 'info', where: path, what }] };
}

function assertDirectory(path: string): void {
  let isDirectory = false;
  try {
    isDirectory = lstatSync(path).isDirectory();
  } catch (error) {
    const what = isGone(error) ? 'does not exist' : errorText(error);
    throw new HoldfastError('source-missing', `${path} ${what}`, { cause: error });
  }
  if (!isDirectory) throw new HoldfastError('source-missing', `${path} is not a directory`);
  try {
    opendirSync(path).closeSync();
    // Whether what lies in it can be reached, too.
    lstatSync(`${path}/.`);
  } catch (error) {
    throw new HoldfastError('source-missing', `${path} ${errorText(error)}`, { cause: error });
  }
}

async function* backup(
  options: FilesSourceOptions,
  run: BackupRun,
): AsyncGenerator<PreparedBackup, void, undefined> {
  assertDirectory(options.path);
  await using thread = options.inWorker ? new FilesThread({ type: 'backup' }) : undefined;
  const plan = planChain(run);
  const { kind, parents, whole } = plan;
  const key = await chainKey(parents, options, run.signal);
  const verifyContent = run.verifyContent ?? options.verifyContent ?? false;
  const continued = verifyContent ? undefined : resumable(options, parents, whole, key);
  const writer = await run.begin(kind, continued);
  const left = await interruptedFindings(writer.interrupted, indexName);
  const tree = () => treeOptions(options, run, { key, parents, whole, writer });
  const findings = left ?? (await (thread?.backUpTree(tree()) ?? backUpTree(tree())));
  yield preparedBackup(plan, run.requested, writer, findings, left !== undefined);
}

function partBytesOf(options: FilesSourceOptions): number {
  const { segmentBytes = defaultSegmentBytes } = options;
  return Math.max(segmentBytes, options.smallestPartBytes ?? smallestPartBytes);
}

/** Not asked of a run that reads all content again: it trusts no state that it did not see. */
function resumable(
  options: FilesSourceOptions,
  parents: BackupRun['chain'],
  whole: boolean,
  key: ContentKey,
): Resumable {
  const { path, exclude = [], include = [] } = options;
  const { oneFileSystem = true, extendedAttributes = true } = options;
  const chain = parents.map(({ id }) => id);
  const taken = { path, exclude, include, oneFileSystem, extendedAttributes };
  const partBytes = partBytesOf(options);
  const plan = { source: 'files', ...taken, partBytes, chain, whole };
  return { plan: JSON.stringify(plan), note: noteOfKey(key.base64) };
}

interface Beginning {
  readonly key: ContentKey;
  readonly parents: BackupRun['chain'];
  readonly whole: boolean;
  readonly writer: BackupWriter;
}

function treeOptions(
  options: FilesSourceOptions,
  run: BackupRun,
  { key, parents, whole, writer }: Beginning,
): TreeBackupOptions {
  return {
    root: Buffer.from(options.path),
    patterns: { exclude: options.exclude ?? [], include: options.include ?? [] },
    oneFileSystem: options.oneFileSystem ?? true,
    extendedAttributes: options.extendedAttributes ?? true,
    segmentBytes: options.segmentBytes ?? defaultSegmentBytes,
    partBytes: partBytesOf(options),
    verifyContent: run.verifyContent ?? options.verifyContent ?? false,
    lanes: options.lanes ?? 2,
    whole,
    parents,
    key: ContentKey.fromBase64(keyOfInterrupted(writer.interrupted, key.base64)),
    startedAt: run.now(),
    writer,
    signal: run.signal,
    progress: run.progress,
    emptied:
      (run.allowEmpty ?? options.allowEmpty) ? undefined : emptiedSince(options.path, run.chain),
    expectedEntries: entriesOf(run.chain),
  };
}

async function chainKey(
  parents: BackupRun['chain'],
  options: FilesSourceOptions,
  signal: AbortSignal,
): Promise<ContentKey> {
  const last = parents.at(-1);
  if (!last) return new ContentKey((options.randomBytes ?? randomBytes)(keyBytes));
  await using index = await openIndex(last, signal);
  return ContentKey.fromBase64(index.header.key);
}
