import { pMapIterable } from 'p-map';
import type { Problem } from '../../errors/holdfast-error.ts';
import type { ContentKey } from '../files/content-key.ts';
import { showPath } from '../files/entry.ts';
import type { StoredContent } from '../files/stored-content.ts';
import { tarEnd, tarHeader, tarPadding } from '../files/tar-header.ts';
import type { Progress } from '../source.ts';
import type { Bucket, FetchedObject } from './bucket.ts';
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

/**
 * Packs objects into one tar archive, whole in itself, and appends to `packed` what the index has to
 * hold of each, in their order; nothing for one that is gone. No chunk at all when the chain holds
 * every content already.
 */
export async function* packObjects(
  objects: readonly ObjectEntry[],
  packed: (ObjectEntry | undefined)[],
  options: ObjectPackerOptions,
): AsyncGenerator<Buffer> {
  const { fetchesAtOnce: concurrency, stored, onProblem } = options;
  const fetched = pMapIterable(objects, (listed) => fetchAhead(listed, options), { concurrency });
  let position = 0;
  for await (const ahead of fetched) {
    const object = await opened(ahead, options);
    if (!object) {
      onProblem({ where: showPath(ahead.listed.path), what: 'vanished before it was read' });
      packed.push(undefined);
      continue;
    }
    const entry = withListedTime(object.entry, ahead.listed);
    const known = ahead.digest === undefined ? undefined : stored.find(ahead.digest);
    if (ahead.digest !== undefined && known) {
      packed.push({ ...entry, digest: ahead.digest, extents: known });
      continue;
    }
    const body = ahead.content ? [ahead.content] : object.body;
    const result = yield* packOne(entry, body, position, options);
    position = result.end;
    packed.push(result.entry);
  }
  if (position > 0) yield tarEnd;
}

async function* packOne(
  entry: ObjectEntry,
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  start: number,
  { key, backup, segment, stored, progress }: ObjectPackerOptions,
): AsyncGenerator<Buffer, { entry: ObjectEntry; end: number }> {
  const { sizeBytes } = entry;
  const header = headerOf(entry);
  const offset = start + header.length;
  const hash = key.start();
  yield header;
  for await (const chunk of body) {
    hash.update(chunk);
    progress.advance(0, { bytes: chunk.length });
    yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
  }
  yield Buffer.alloc(tarPadding(sizeBytes));
  const digest = hash.digest('base64url');
  const extents = sizeBytes > 0 ? [{ backup, segment, offset, length: sizeBytes }] : [];
  stored.add(digest, extents);
  return { entry: { ...entry, digest, extents }, end: offset + sizeBytes + tarPadding(sizeBytes) };
}

/** Small objects are here whole, with their digest; large ones are fetched when their turn comes. */
interface Ahead {
  readonly listed: ObjectEntry;
  readonly object?: FetchedObject;
  readonly content?: Buffer;
  readonly digest?: string;
}

async function fetchAhead(
  listed: ObjectEntry,
  { bucket, key, signal }: ObjectPackerOptions,
): Promise<Ahead> {
  if (listed.sizeBytes > fetchedAheadBytes) return { listed };
  const object = await bucket.fetch(listed.path, signal);
  if (!object) return { listed };
  if (object.entry.sizeBytes > fetchedAheadBytes) return { listed, object };
  const chunks: Uint8Array[] = [];
  for await (const chunk of object.body) chunks.push(chunk);
  const content = Buffer.concat(chunks);
  const digest = key.start().update(content).digest('base64url');
  return { listed, object, content, digest };
}

async function opened(
  { listed, object }: Ahead,
  { bucket, signal }: ObjectPackerOptions,
): Promise<FetchedObject | undefined> {
  if (object || listed.sizeBytes <= fetchedAheadBytes) return object;
  return await bucket.fetch(listed.path, signal);
}

/** Listings tell times more exactly than answers do, and the next listing is what is compared. */
function withListedTime(entry: ObjectEntry, listed: ObjectEntry): ObjectEntry {
  const same = entry.etag === listed.etag && entry.version === listed.version;
  return same ? { ...entry, modifiedAt: listed.modifiedAt } : entry;
}

function headerOf({ path, sizeBytes, modifiedAt }: ObjectEntry): Buffer {
  const mtimeNs = BigInt(Date.parse(modifiedAt)) * 1_000_000n;
  return tarHeader({ path, type: 'file', mode: fileMode, uid: 0, gid: 0, sizeBytes, mtimeNs });
}
