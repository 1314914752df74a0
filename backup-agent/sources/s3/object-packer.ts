import { pMapIterable } from 'p-map';
import type { Problem } from '../../errors/holdfast-error.ts';
import { blockBytes } from '../../stream/coalesce.ts';
import { contentHash } from '../files/content-hash.ts';
import type { ContentKey } from '../files/content-key.ts';
import { showPath } from '../files/entry.ts';
import { readAttempts } from '../files/parts.ts';
import type { StoredContent } from '../files/stored-content.ts';
import { tarEnd, tarHeader, tarPadding } from '../files/tar-header.ts';
import type { Progress } from '../source.ts';
import { ObjectChangedError, type Bucket, type FetchedObject, type NotFetched } from './bucket.ts';
import type { ObjectEntry } from './object-entry.ts';

export interface ObjectPackerOptions {
  readonly bucket: Bucket;
  readonly backup: string;
  readonly segment: number;
  readonly fetchesAtOnce: number;
  readonly key: ContentKey;
  readonly stored: StoredContent;
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly onProblem: (problem: Problem) => void;
}

/** Up to here an object is fetched ahead of its turn; a larger one is streamed. */
const fetchedAheadBytes = 1024 * 1024;
const fileMode = 0o644;

/** An object to store, and what the last backup knew of it. */
export interface ObjectCandidate {
  readonly entry: ObjectEntry;
  readonly previous?: ObjectEntry;
  /** Of a large object: the parts that an interrupted run has stored. */
  readonly begun?: ObjectEntry;
}

/** What became of a candidate; undefined when it is not in the backup. */
export type PackedObject = ObjectEntry | undefined;

/**
 * Packs objects into one tar archive, whole in itself, and appends to `packed` what the index has to
 * hold of each, in their order. No chunk at all when the chain holds every content already.
 */
export async function* packObjects(
  candidates: readonly ObjectCandidate[],
  packed: PackedObject[],
  options: ObjectPackerOptions,
): AsyncGenerator<Buffer> {
  const { fetchesAtOnce: concurrency } = options;
  const fetched = pMapIterable(candidates, (candidate) => fetchAhead(candidate, options), {
    concurrency,
  });
  let position = 0;
  for await (const ahead of fetched) {
    const result = yield* packSteadily(ahead, position, options);
    position = result.end;
    packed.push(result.entry);
  }
  if (position > 0) yield tarEnd;
}

interface PackedAt {
  readonly entry: PackedObject;
  /** Where the archive goes on. */
  readonly end: number;
}

/** Again and again where the object is replaced while it is read. */
async function* packSteadily(
  ahead: Ahead,
  start: number,
  options: ObjectPackerOptions,
): AsyncGenerator<Buffer, PackedAt> {
  const { bucket, stored, signal } = options;
  const { candidate, content, digest } = ahead;
  const { entry: listed } = candidate;
  let { object } = ahead;
  let end = start;
  for (let attempt = 1; attempt <= readAttempts; attempt++) {
    object ??= await bucket.fetch(listed.path, signal);
    if ('why' in object) return { entry: notFetched(candidate, object, options), end };
    const entry = withListedTime(object.entry, listed);
    const known = digest === undefined ? undefined : stored.find(digest);
    if (digest !== undefined && known) return { entry: { ...entry, digest, extents: known }, end };
    const packed = yield* packOne(entry, content ? [content] : object.body, end, options);
    end = packed.end;
    if (packed.entry) return packed;
    object = undefined;
  }
  return { entry: unsteady(candidate, options), end };
}

function keptText(previous: ObjectEntry | undefined): string {
  return previous ? '; it stays as the last backup has it' : '';
}

/** One object that may not be read does not keep the others from being backed up. */
export function notFetched(
  { entry: { path }, previous }: ObjectCandidate,
  { isGone, why }: NotFetched,
  { onProblem }: Pick<ObjectPackerOptions, 'onProblem'>,
): PackedObject {
  onProblem({ where: showPath(path), what: isGone ? why : `${why}${keptText(previous)}` });
  return isGone ? undefined : previous;
}

/** What the last backup has of it is better than nothing. */
export function unsteady(
  { entry: { path }, previous }: ObjectCandidate,
  { onProblem }: Pick<ObjectPackerOptions, 'onProblem'>,
): PackedObject {
  const what = `was replaced while it was read, each time${keptText(previous)}`;
  onProblem({ where: showPath(path), what });
  return previous;
}

async function* packOne(
  entry: ObjectEntry,
  body: Body,
  start: number,
  { key, backup, segment, stored, progress }: ObjectPackerOptions,
): AsyncGenerator<Buffer, PackedAt> {
  const { sizeBytes } = entry;
  const header = headerOf(entry);
  const offset = start + header.length;
  const hash = contentHash(key);
  const whole = yield* archiveEntry(header, sizeBytes, body, (chunk) => {
    hash.update(chunk);
    progress.advance(0, { bytes: chunk.length });
  });
  const end = offset + sizeBytes + tarPadding(sizeBytes);
  if (!whole) return { entry: undefined, end };
  const digest = hash.digest();
  const extents = sizeBytes > 0 ? [{ backup, segment, offset, length: sizeBytes }] : [];
  stored.add(digest, extents);
  return { entry: { ...entry, digest, extents }, end };
}

export type Body = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/**
 * A header, and the content that it tells of. Where the object is replaced meanwhile, what is missing is
 * filled up, for the header already told the size; returns whether nothing was missing.
 */
export async function* archiveEntry(
  header: Buffer,
  sizeBytes: number,
  body: Body,
  onChunk: (chunk: Uint8Array) => void,
): AsyncGenerator<Buffer, boolean> {
  yield header;
  let left = sizeBytes;
  try {
    for await (const chunk of body) {
      onChunk(chunk);
      left -= chunk.length;
      yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    }
  } catch (error) {
    if (!(error instanceof ObjectChangedError)) throw error;
  }
  const whole = left === 0;
  for (; left > 0; left -= Math.min(left, blockBytes))
    yield Buffer.alloc(Math.min(left, blockBytes));
  yield Buffer.alloc(tarPadding(sizeBytes));
  return whole;
}

/** Small objects are here whole, with their digest; large ones are fetched when their turn comes. */
interface Ahead {
  readonly candidate: ObjectCandidate;
  readonly object?: FetchedObject | NotFetched;
  readonly content?: Buffer;
  readonly digest?: string;
}

async function fetchAhead(
  candidate: ObjectCandidate,
  { bucket, key, signal }: ObjectPackerOptions,
): Promise<Ahead> {
  const { path, sizeBytes } = candidate.entry;
  if (sizeBytes > fetchedAheadBytes) return { candidate };
  for (let attempt = 1; ; attempt++) {
    const object = await bucket.fetch(path, signal);
    if ('why' in object) return { candidate, object };
    if (object.entry.sizeBytes > fetchedAheadBytes) return { candidate, object };
    const content = await readWhole(object.body);
    if (content) return { candidate, object, content, digest: key.digest(content) };
    if (attempt === readAttempts) return { candidate };
  }
}

/** Undefined where the object is replaced meanwhile. */
async function readWhole(body: AsyncIterable<Uint8Array>): Promise<Buffer | undefined> {
  try {
    return Buffer.concat(await Array.fromAsync(body));
  } catch (error) {
    if (error instanceof ObjectChangedError) return undefined;
    throw error;
  }
}

/** Listings tell times more exactly than answers do, and the next listing is what is compared. */
export function withListedTime(entry: ObjectEntry, listed: ObjectEntry): ObjectEntry {
  const same = entry.etag === listed.etag && entry.version === listed.version;
  return same ? { ...entry, modifiedAt: listed.modifiedAt } : entry;
}

export function headerOf({
  path,
  sizeBytes,
  modifiedAt,
}: Pick<ObjectEntry, 'path' | 'sizeBytes' | 'modifiedAt'>): Buffer {
  const mtimeNs = BigInt(Date.parse(modifiedAt)) * 1_000_000n;
  return tarHeader({ path, type: 'file', mode: fileMode, uid: 0, gid: 0, sizeBytes, mtimeNs });
}
