import type { BackupReader, Progress } from '../../source.ts';
import { loadSystemCalls } from '../attributes/system-calls.ts';
import { ContentKey } from '../content-key.ts';
import { joinPath } from '../entry.ts';
import { Metadata, type Untaken } from './metadata.ts';
import { mayReplace } from './placement.ts';
import { emptyReport, type RestoreReport } from './report.ts';
import type { PlannedContent } from './restore-plan.ts';
import { SegmentRestorer } from './segment-restorer.ts';
import type { Target } from './target.ts';
import { onTarget } from './target-errors.ts';
import { ensureDirectory } from './target-path.ts';

/** Restores what is wanted of one segment, somewhere else. */
export type SegmentAssistant = (contents: readonly PlannedContent[]) => Promise<SegmentDone>;

export interface SegmentDone extends Pick<RestoreReport, 'restored' | 'bytes' | 'refused'> {
  readonly untaken: readonly Untaken[];
}

/** What is wanted of one segment, in a form that passes from thread to thread. */
export interface SegmentWork {
  /** Latin1, as is the next. */
  readonly root: string;
  /** The restore's own folder in it. */
  readonly workName: string;
  readonly mayReplace: boolean;
  /** Of content digests, base64. */
  readonly key: string;
  readonly contents: readonly PlannedContent[];
}

export function describeWork(
  target: Target,
  key: ContentKey,
  contents: readonly PlannedContent[],
): SegmentWork {
  return {
    root: target.root.toString('latin1'),
    workName: target.workName.toString('latin1'),
    mayReplace: mayReplace(target),
    key: key.base64,
    contents,
  };
}

/** In the restore's folder: two threads that make files in one folder wait for each other. */
const ownFolder = Buffer.from('assistant');

let staged = 0;

/** Does the work in this thread. Throws what `restoreFiles` throws. */
export async function restoreSegment(
  { root: rootText, workName, mayReplace, key, contents }: SegmentWork,
  surroundings: {
    readonly chain: readonly BackupReader[];
    readonly signal: AbortSignal;
    readonly progress: Progress;
  },
): Promise<SegmentDone> {
  const root = Buffer.from(rootText, 'latin1');
  const work = joinPath(joinPath(root, Buffer.from(workName, 'latin1')), ownFolder);
  const target = { root, stagedPath: () => joinPath(work, Buffer.from(`f${staged++}`)) };
  const { chain, signal, progress } = surroundings;
  const report = emptyReport();
  const metadata = new Metadata(await loadSystemCalls());
  const restorer = new SegmentRestorer({
    readers: new Map(chain.map((reader) => [reader.id, reader])),
    target,
    mayReplace,
    metadata,
    key: ContentKey.fromBase64(key),
    report,
    signal,
    progress,
  });
  await onTarget(root.toString(), async () => {
    ensureDirectory(work);
    await restorer.restore(contents);
  });
  const { restored, bytes, refused } = report;
  return { restored, bytes, refused, untaken: metadata.untaken };
}
