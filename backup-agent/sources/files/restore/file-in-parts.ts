import type { BackupReader } from '../../source.ts';
import type { Entry, Extent } from '../entry.ts';
import { segmentName } from '../segment-name.ts';
import { readContents, type ContentSink } from './segment-contents.ts';
import type { StagedFile } from './staged-file.ts';

/** Why a file cannot be put together. */
export type PartFault =
  | 'has its content in a segment that does not exist'
  | 'has its content outside of its segment';

export interface PartsSource {
  readonly readers: ReadonlyMap<string, BackupReader>;
  readonly signal: AbortSignal;
}

/**
 * Writes a file whose content lies in several segments, a part after the other, from the first on
 * that an interrupted run has not left whole in `staged`.
 */
export async function writeParts(
  staged: StagedFile,
  { extents = [] }: Entry,
  source: PartsSource,
): Promise<PartFault | undefined> {
  let position = 0;
  let isKept = true;
  for (const extent of extents) {
    const end = position + extent.length;
    if (isKept && end > staged.keptBytes) {
      isKept = false;
      staged.keep(position);
    }
    if (!isKept) {
      const fault = await writePart(staged, extent, source);
      if (fault) return fault;
      staged.endPart();
    }
    position = end;
  }
  if (isKept) staged.keep(position);
  return undefined;
}

/** Writes what lies there. */
export async function writePart(
  sink: ContentSink,
  { backup, segment, offset, length }: Extent,
  { readers, signal }: PartsSource,
): Promise<PartFault | undefined> {
  const reader = readers.get(backup);
  const name = segmentName(segment);
  if (!reader?.objectNames.includes(name))
    return 'has its content in a segment that does not exist';
  let isThere = false;
  await readContents(await reader.readObject(name, signal), [{ offset, length, wanted: sink }], {
    open: (wanted) => wanted,
    close: () => (isThere = true),
    abandon: () => undefined,
    missing: () => undefined,
  });
  return isThere ? undefined : 'has its content outside of its segment';
}
