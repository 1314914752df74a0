import { ByteReader } from '../../stream/byte-reader.ts';
import { contentHash, digestOfParts } from '../files/content-hash.ts';
import type { ContentKey } from '../files/content-key.ts';
import type { Extent } from '../files/entry.ts';
import { begunInParts } from '../files/interrupted.ts';
import {
  lengthOf,
  partPath,
  partsOf,
  placesBehind,
  readAttempts,
  storeInTurn,
  type PartPlace,
  type StoringParts,
} from '../files/parts.ts';
import { segmentName } from '../files/segment-name.ts';
import { tarEnd } from '../files/tar-header.ts';
import { ObjectChangedError, type NotFetched } from './bucket.ts';
import type { ObjectEntry } from './object-entry.ts';
import {
  archiveEntry,
  headerOf,
  notFetched,
  unsteady,
  withListedTime,
  type ObjectCandidate,
  type ObjectPackerOptions,
  type PackedObject,
} from './object-packer.ts';

/** Amazon S3 user guide, "Amazon S3 multipart upload limits": a part, and how many of them. */
export const smallestUploadBytes = 5 * 1024 * 1024;
const mostUploads = 10_000;

/** Parts are of a size that a restore can put as parts of an upload. */
export interface LargeObjectOptions extends ObjectPackerOptions, StoringParts {
  /** What a run that goes on is told of the object and the parts that are stored so far. */
  readonly note: (begun: ObjectEntry) => string;
}

/** What of an object is stored, or is to be read next. */
interface Opened {
  readonly entry: ObjectEntry;
  readonly stored: readonly Extent[];
  readonly body: AsyncIterable<Uint8Array>;
}

/** Parts are larger where there would be more of them than an upload takes. */
export function partBytesFor(sizeBytes: number, partBytes: number): number {
  return Math.max(partBytes, Math.ceil(sizeBytes / mostUploads));
}

/**
 * Stores an object that is larger than a segment in several of them, a part in each. Each part has a
 * digest of its own: what an interrupted run has stored need not be fetched again for it.
 */
export class LargeObject {
  readonly #candidate: ObjectCandidate;
  readonly #options: LargeObjectOptions;
  readonly #partBytes: number;
  readonly #parts: number;
  #segment: number;

  constructor(candidate: ObjectCandidate, options: LargeObjectOptions) {
    const { sizeBytes } = candidate.entry;
    this.#candidate = candidate;
    this.#options = options;
    this.#partBytes = partBytesFor(sizeBytes, options.partBytes);
    this.#parts = partsOf(sizeBytes, this.#partBytes);
    this.#segment = options.segment;
  }

  async store(): Promise<PackedObject> {
    for (let attempt = 1; attempt <= readAttempts; attempt++) {
      const opened = attempt === 1 ? (this.#begun() ?? (await this.#open())) : await this.#open();
      if ('why' in opened) return notFetched(this.#candidate, opened, this.#options);
      const extents = await this.#storeParts(opened);
      if (extents) return { ...opened.entry, ...contentOf(this.#options.key, extents) };
    }
    return unsteady(this.#candidate, this.#options);
  }

  #begun(): Opened | undefined {
    const { begun: entry } = this.#candidate;
    const { bucket, signal } = this.#options;
    const stored = entry?.extents ?? [];
    if (!entry || stored.length === 0) return undefined;
    return { entry, stored, body: bucket.fetchRest(entry, lengthOf(stored), signal) };
  }

  async #open(): Promise<Opened | NotFetched> {
    const { entry: listed } = this.#candidate;
    const { bucket, signal } = this.#options;
    const object = await bucket.fetch(listed.path, signal);
    if ('why' in object) return object;
    return { entry: withListedTime(object.entry, listed), stored: [], body: object.body };
  }

  /** Undefined where the object was replaced meanwhile. */
  async #storeParts({ entry, stored, body }: Opened): Promise<readonly Extent[] | undefined> {
    await using reader = new ByteReader(body);
    if (!(await isThere(reader))) return undefined;
    const { sizeBytes } = entry;
    const plan = { sizeBytes, partBytes: this.#partBytes, of: this.#parts };
    const parts: ObjectPart[] = [];
    const upTo = (count: number) => [
      ...stored,
      ...parts.slice(0, count).map((part) => part.extent),
    ];
    const inTurn = this.#partsOf(entry, reader, placesBehind(stored, plan), parts);
    await storeInTurn(inTurn, (part) => {
      const count = parts.length;
      return this.#put(part, entry, () => upTo(count));
    });
    return parts.every((part) => part.whole) ? upTo(parts.length) : undefined;
  }

  /** Each is made once the one before is read. */
  *#partsOf(
    entry: ObjectEntry,
    reader: ByteReader,
    places: Iterable<PartPlace>,
    made: ObjectPart[],
  ): Generator<ObjectPart> {
    const { backup, key } = this.#options;
    for (const place of places) {
      if (made.at(-1)?.whole === false) return;
      const part = new ObjectPart(entry, place, reader, key, { backup, segment: this.#segment++ });
      made.push(part);
      yield part;
    }
  }

  async #put(part: ObjectPart, entry: ObjectEntry, soFar: () => readonly Extent[]): Promise<void> {
    const { writer, onSegment, progress, note } = this.#options;
    const { segment } = part.extent;
    onSegment(segment);
    const archive = part.pack((bytes) => progress.advance(0, { bytes }));
    await writer.writeObject(segmentName(segment), archive, () =>
      part.whole ? note({ ...entry, digest: begunInParts, extents: soFar() }) : '',
    );
  }
}

/** Nothing of a segment is written for an object that is another by now. */
async function isThere(reader: ByteReader): Promise<boolean> {
  try {
    await reader.ended();
    return true;
  } catch (error) {
    if (error instanceof ObjectChangedError) return false;
    throw error;
  }
}

function contentOf(
  key: ContentKey,
  extents: readonly Extent[],
): Required<Pick<ObjectEntry, 'digest' | 'extents'>> {
  const [first, ...others] = extents;
  if (!first) return { digest: key.ofNothing, extents };
  const { digest = '', ...extent } = first;
  if (others.length === 0) return { digest, extents: [extent] };
  return {
    digest: digestOfParts(
      key,
      extents.map((part) => part.digest ?? ''),
    ),
    extents,
  };
}

/** One part as an archive of its own. */
class ObjectPart {
  /** Settles once all has been read. */
  readonly read: Promise<void>;
  /** Nothing was missing; known once it is read. */
  whole = true;
  readonly #place: PartPlace;
  readonly #header: Buffer;
  readonly #reader: ByteReader;
  readonly #key: ContentKey;
  readonly #where: Pick<Extent, 'backup' | 'segment'>;
  readonly #done = Promise.withResolvers<void>();
  #digest: string | undefined;

  constructor(
    { path, modifiedAt }: ObjectEntry,
    place: PartPlace,
    reader: ByteReader,
    key: ContentKey,
    where: Pick<Extent, 'backup' | 'segment'>,
  ) {
    this.#place = place;
    this.#reader = reader;
    this.#key = key;
    this.#where = where;
    const { length: sizeBytes } = place;
    this.#header = headerOf({ path: partPath(path, place), sizeBytes, modifiedAt });
    this.read = this.#done.promise;
  }

  get extent(): Extent {
    const place = { ...this.#where, offset: this.#header.length, length: this.#place.length };
    return this.#digest === undefined ? place : { ...place, digest: this.#digest };
  }

  async *pack(onBytes: (count: number) => void): AsyncGenerator<Buffer> {
    const hash = contentHash(this.#key);
    const { length } = this.#place;
    this.whole = yield* archiveEntry(this.#header, length, this.#content(), (chunk) => {
      hash.update(chunk);
      onBytes(chunk.length);
    });
    this.#digest = hash.digest();
    yield tarEnd;
    this.#done.resolve();
  }

  async *#content(): AsyncGenerator<Uint8Array> {
    for (let left = this.#place.length; left > 0;) {
      const chunk = await this.#reader.readSome(left);
      if (chunk.length === 0) return;
      left -= chunk.length;
      yield chunk;
    }
  }
}
