import type { Entry } from '../entry.ts';
import { decodeOwnEntry } from '../index-line.ts';
import type { WantedContent } from './segment-contents.ts';

/** A file to write, and under which path. */
export interface Destination {
  readonly entry: Entry;
  readonly path: Buffer;
}

/** A destination as a plan holds it, and as it passes to another thread: a third of its memory. */
export type PlannedDestination = readonly [
  /** The entry as a line of an index. */
  line: string,
  /** Latin1, where it is not the entry's own. */
  path?: string,
];

/** All destinations of one content. */
export type PlannedContent = WantedContent<PlannedDestination[]>;

/** The contents to take from each segment, by their places in it. */
export type SegmentPlan = Map<string, Map<string, PlannedContent>>;

/** How many files are planned at once; a larger tree takes several passes over the index. */
export const largestWindow = 100_000;

/** Larger than a segment: its content lies in several. */
export function isInParts({ extents }: Entry): boolean {
  return (extents?.length ?? 0) > 1;
}

/** Undefined for what has no content, and for what has it in several segments. */
export function segmentKey({ extents }: Entry): string | undefined {
  const [extent, ...others] = extents ?? [];
  if (!extent || others.length > 0) return undefined;
  return `${extent.backup}/${extent.segment}`;
}

/** Names of one file share a group: that of the first name. */
export function linkGroup({ path, linkTo }: Entry): string {
  return (linkTo ?? path).toString('latin1');
}

/** `line`: the entry as `encodeEntry` writes it. */
export function addToPlan(
  plan: SegmentPlan,
  segment: string,
  { entry, path }: Destination,
  line: string,
): void {
  const [extent] = entry.extents ?? [];
  if (!extent) return;
  const { offset, length } = extent;
  const place = `${offset}+${length}`;
  const contents = plan.get(segment) ?? new Map<string, PlannedContent>();
  plan.set(segment, contents);
  const content = contents.get(place);
  const planned: PlannedDestination =
    path === entry.path ? [line] : [line, path.toString('latin1')];
  if (content) content.wanted.push(planned);
  else contents.set(place, { offset, length, wanted: [planned] });
}

export function destinationOf([line, path]: PlannedDestination): Destination {
  const entry = decodeOwnEntry(line, '');
  if (entry.type === 'removed') throw new TypeError('a removal is not restored');
  return { entry, path: path === undefined ? entry.path : Buffer.from(path, 'latin1') };
}

/** Sets of segments that together hold a window of files. */
export function* windows(counts: ReadonlyMap<string, number>): Generator<ReadonlySet<string>> {
  let window = new Set<string>();
  let files = 0;
  for (const [segment, count] of counts) {
    if (files > 0 && files + count > largestWindow) {
      yield window;
      window = new Set();
      files = 0;
    }
    window.add(segment);
    files += count;
  }
  if (files > 0) yield window;
}
