import { HoldfastError } from '../../../errors/holdfast-error.ts';
import type { BackupReader, Progress } from '../../source.ts';
import { ContentKey } from '../content-key.ts';
import { loadSystemCalls } from '../attributes/system-calls.ts';
import { isWithin, showPath } from '../entry.ts';
import { openIndex, readTree } from '../index-reader.ts';
import type { IntoPolicy } from './placement.ts';
import { Metadata } from './metadata.ts';
import { emptyReport, type RestoreReport } from './report.ts';
import type { PlannedContent } from './restore-plan.ts';
import { describeWork, type SegmentDone, type SegmentWork } from './segment-assistant.ts';
import { Selection, type ReadTree } from './selection.ts';
import { openTarget } from './target.ts';
import { onTarget } from './target-errors.ts';
import { TreeRestore } from './tree-restore.ts';

export interface RestoreFilesOptions {
  /** The full first; the tree as of the last one is restored. */
  readonly chain: readonly BackupReader[];
  /** The directory to restore to; made when it is missing. */
  readonly target: string;
  /** Only this entry, with what lies in it and the directories above it. */
  readonly path?: string | Buffer;
  /** Lets the target hold something already, and says what happens where names meet. */
  readonly into?: IntoPolicy;
  /** Counts and checks names, and writes nothing. */
  readonly dryRun?: boolean;
  /** Whether the target takes names that differ only in case for one; found out unless told. */
  readonly foldCase?: boolean;
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** Does a segment's work in another thread, when there are many files. */
  readonly assist?: (work: SegmentWork) => Promise<SegmentDone>;
}

/**
 * Restores a tree. Throws `path-unknown` where the backup holds nothing at `path`, `target-not-empty` unless the target is empty, `into` is given, or an
 * earlier run of the same restore was interrupted there, which it then continues, and `target-full`,
 * `target-denied` or `target-failed` when the system lets nothing be written. Entries that must
 * not or cannot be restored are in the report, and the rest is restored. A file has its name only
 * once its digest is checked.
 */
export async function restoreFiles(options: RestoreFilesOptions): Promise<RestoreReport> {
  const { chain, signal } = options;
  const last = chain.at(-1);
  if (!last) throw new TypeError('a restore needs a backup');
  const read: ReadTree = (onBadLine) => readTree(chain, signal, onBadLine);
  return await restoreTree(options, last.id, await contentKey(last, signal), read);
}

/** The same for any tree whose contents lie in segments. */
export async function restoreTree(
  options: RestoreFilesOptions,
  backup: string,
  key: ContentKey,
  read: ReadTree,
): Promise<RestoreReport> {
  return await onTarget(options.target, () => restoreToTarget(options, backup, key, read));
}

async function restoreToTarget(
  options: RestoreFilesOptions,
  backup: string,
  key: ContentKey,
  read: ReadTree,
): Promise<RestoreReport> {
  const { chain, signal, progress, dryRun = false } = options;
  const path = options.path === undefined ? undefined : relativePath(Buffer.from(options.path));
  if (path && path.length > 0) await assertHeld(read, path, backup);
  const target = await openTarget({
    directory: options.target,
    backup,
    path,
    into: options.into,
    dryRun,
    foldCase: options.foldCase,
  });
  const selection = new Selection({
    read,
    ...(path && path.length > 0 ? { path } : {}),
    foldCase: target.foldCase,
    reserved: target.workName,
  });
  const report = emptyReport();
  const metadata = new Metadata(dryRun ? undefined : await loadSystemCalls());
  const { assist } = options;
  const assistant =
    assist &&
    ((contents: readonly PlannedContent[]) => assist(describeWork(target, key, contents)));
  const surroundings = { key, report, metadata, signal, progress, dryRun, assistant };
  await new TreeRestore({ chain, target, selection, ...surroundings }).run();
  return report;
}

/** As a person may write it: `/a/b`, `./a/b` and `a/b/` are `a/b`. */
function relativePath(path: Buffer): Buffer {
  const text = path
    .toString('latin1')
    .replace(/^(?:\.?\/)+/, '')
    .replace(/\/+$/, '');
  return Buffer.from(text === '.' ? '' : text, 'latin1');
}

/** Before anything is written: a path that is not there would restore nothing, and look like success. */
async function assertHeld(read: ReadTree, path: Buffer, backup: string): Promise<void> {
  for await (const entry of read(() => undefined)) if (isWithin(entry.path, path)) return;
  throw new HoldfastError('path-unknown', `backup ${backup} holds nothing at ${showPath(path)}`);
}

async function contentKey(reader: BackupReader, signal: AbortSignal): Promise<ContentKey> {
  await using index = await openIndex(reader, signal);
  return ContentKey.fromBase64(index.header.key);
}
