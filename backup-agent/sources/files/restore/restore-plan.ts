import type { Entry } from '../entry.ts';
import type { WantedContent } from './segment-contents.ts';

/** A file to write, and under which path. */
export interface Destination {
  readonly entry: Entry;
  readonly path: Buffer;
}

/** All destinations of one content. */
export type Content = WantedContent<Destination[]>;

/** The contents to take from each segment, by their places in it. */
export type SegmentPlan = Map<string, Map<string, Content>>;

/** How many files are planned at once; a larger tree takes several passes over the index. */
const largestWindow = 100_000;

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

export function addToPlan(plan: SegmentPlan, segment: string, destination: Destination): void {
  const [extent] = destination.entry.extents ?? [];
  if (!extent) return;
  const { offset, length } = extent;
  const place = `${offset}+${length}`;
  const contents = plan.get(segment) ?? new Map<string, Content>();
  plan.set(segment, contents);
  const content = contents.get(place);
  if (content) content.wanted.push(destination);
  else contents.set(place, { offset, length, wanted: [destination] });
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
