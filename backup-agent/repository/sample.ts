import { createHash } from 'node:crypto';

/** How much of what is stored to read. */
export type Sample =
  | { readonly type: 'all' }
  | { readonly type: 'share'; readonly share: number }
  | { readonly type: 'bytes'; readonly bytes: number }
  /** One part of `parts`, another each day, so that so many days read all. */
  | { readonly type: 'part'; readonly parts: number };

export interface Sampled {
  readonly key: string;
  readonly entry: { readonly sizeBytes: number };
}

const dayMs = 86_400_000;

/**
 * Chooses what to read on the day of `now` (UTC): the same choice all day, another the next. A share
 * or a number of bytes is met by at least so much, as far as there is so much.
 */
export function selectSample<Item extends Sampled>(
  items: readonly Item[],
  sample: Sample,
  now: Date,
): Item[] {
  const day = Math.floor(now.getTime() / dayMs);
  if (sample.type === 'all') return [...items];
  if (sample.type === 'part')
    return items.filter(({ key }) => number(key) % sample.parts === day % sample.parts);
  const total = items.reduce((sum, { entry }) => sum + entry.sizeBytes, 0);
  return upTo(items, sample.type === 'share' ? sample.share * total : sample.bytes, day);
}

function upTo<Item extends Sampled>(items: readonly Item[], bytes: number, day: number): Item[] {
  const order = new Map(items.map((item) => [item, number(`${day} ${item.key}`)]));
  const shuffled = items.toSorted((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  const chosen: Item[] = [];
  let sum = 0;
  for (const item of shuffled) {
    if (sum >= bytes) break;
    chosen.push(item);
    sum += item.entry.sizeBytes;
  }
  return chosen;
}

/** 48 bits of a digest: the same for the same text, everywhere. */
function number(text: string): number {
  return createHash('sha256').update(text).digest().readUIntBE(0, 6);
}
