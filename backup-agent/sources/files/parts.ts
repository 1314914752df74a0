import type { BackupWriter } from '../source.ts';
import type { Extent } from './entry.ts';

/** What storing a content in parts needs of its run. */
export interface StoringParts {
  /** Of a part; what is left goes into the last, which may be smaller, or larger where the content grew. */
  readonly partBytes: number;
  readonly writer: BackupWriter;
  readonly onSegment: (segment: number) => void;
}

/** How often a content that changes while it is read is read again. */
export const readAttempts = 3;

/** In so many parts a content of this size is stored, unless it grows meanwhile. */
export function partsOf(sizeBytes: number, partBytes: number): number {
  return Math.max(1, Math.ceil(sizeBytes / partBytes));
}

/** How many segment numbers such a content may use. */
export function segmentsOf(sizeBytes: number, partBytes: number): number {
  return readAttempts * partsOf(sizeBytes, partBytes);
}

/** By the name in its segment, a part tells whose it is, and how many there are. */
export function partPath(path: Buffer, { number, of }: PartPlace): Buffer {
  const digits = (value: number) => String(value).padStart(6, '0');
  const ending = `.holdfast-part-${digits(number)}-of-${digits(of)}`;
  return Buffer.concat([path, Buffer.from(ending)]);
}

export function lengthOf(extents: readonly Extent[]): number {
  return extents.reduce((sum, { length }) => sum + length, 0);
}

/** Where in its content a part lies. */
export interface PartPlace {
  readonly position: number;
  readonly length: number;
  /** From 1 on. */
  readonly number: number;
  readonly of: number;
}

/** The places of all parts behind those that are stored. The last one takes whatever is left. */
export function* placesBehind(
  stored: readonly Extent[],
  { sizeBytes, partBytes, of }: { sizeBytes: number; partBytes: number; of: number },
): Generator<PartPlace> {
  let position = lengthOf(stored);
  for (let number = stored.length + 1; position < sizeBytes; number++) {
    const left = sizeBytes - position;
    const length = number >= of ? left : Math.min(partBytes, left);
    yield { position, length, number, of };
    position += length;
  }
}

/**
 * Stores parts one after the other: the next is read while the one before is made durable. Two at once
 * are enough for that. When it rejects, no part is read any more.
 */
export async function storeInTurn<P extends { readonly read: Promise<void> }>(
  parts: Iterable<P>,
  store: (part: P) => Promise<void>,
): Promise<void> {
  let last: Promise<void> = Promise.resolve();
  try {
    for (const part of parts) {
      const before = last;
      last = store(part);
      await Promise.all([Promise.race([part.read, last]), before]);
    }
  } finally {
    await Promise.allSettled([last]);
  }
  await last;
}
