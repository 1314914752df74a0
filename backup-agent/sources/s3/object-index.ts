import { z } from 'zod';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import { ContentKey } from '../files/content-key.ts';
import { extentFields } from '../files/index-format.ts';
import { decodeExtent, encodeExtent } from '../files/index-line.ts';
import { mergeIndexes } from '../files/merge-indexes.ts';
import { indexLineage } from '../files/lineage.ts';
import type { OnBadLine } from '../files/index-reader.ts';
import { splitLines } from '../files/split-lines.ts';
import type { BackupReader } from '../source.ts';
import type { ObjectEntry, ObjectRemoval } from './object-entry.ts';

export const objectIndexName = 'index';

const count = z.int().nonnegative();
const texts = z.record(z.string(), z.string());

/** `x`: the object is gone. The other letters are the first of what they stand for. */
const line = z.union([
  z.strictObject({ k: z.string().min(1).max(1024), x: z.literal(1) }),
  z.strictObject({
    k: z.string().min(1).max(1024),
    s: count,
    e: z.string(),
    v: z.string().optional(),
    t: z.string(),
    c: z.string().optional(),
    h: texts.optional(),
    m: texts.optional(),
    g: texts.optional(),
    d: z.string().max(64),
    p: z.array(extentFields),
  }),
]);

const header = z.strictObject({
  format: z.literal('holdfast-s3-index/1'),
  key: z.base64(),
  index: z.enum(['whole', 'changes']),
});
export type ObjectIndexHeader = z.infer<typeof header>;

export function encodeObject(entry: ObjectEntry | ObjectRemoval, own: string): string {
  const k = entry.path.toString('utf8');
  if (entry.type === 'removed') return `${JSON.stringify({ k, x: 1 })}\n`;
  const { digest: d = '', extents = [] } = entry;
  const fields: z.input<typeof line> = {
    k,
    s: entry.sizeBytes,
    e: entry.etag,
    v: entry.version,
    t: entry.modifiedAt,
    c: entry.contentType,
    h: entry.headers,
    m: entry.metadata,
    g: entry.tags,
    d,
    p: extents.map((extent) => encodeExtent(extent, own)),
  };
  return `${JSON.stringify(fields)}\n`;
}

/** Reads a line of the index of backup `own`. Throws when it is not one, whatever it is. */
export function decodeObject(text: string, own: string): ObjectEntry | ObjectRemoval {
  const fields = line.parse(JSON.parse(text));
  const path = Buffer.from(fields.k);
  if ('x' in fields) return { type: 'removed', path };
  return {
    type: 'object',
    path,
    sizeBytes: fields.s,
    etag: fields.e,
    ...(fields.v === undefined ? {} : { version: fields.v }),
    modifiedAt: fields.t,
    ...(fields.c === undefined ? {} : { contentType: fields.c }),
    ...(fields.h ? { headers: fields.h } : {}),
    ...(fields.m ? { metadata: fields.m } : {}),
    ...(fields.g ? { tags: fields.g } : {}),
    digest: fields.d,
    extents: fields.p.map((extent) => decodeExtent(extent, own)),
  };
}

export interface OpenObjectIndex extends AsyncDisposable {
  readonly header: ObjectIndexHeader;
  readonly entries: AsyncGenerator<ObjectEntry | ObjectRemoval>;
}

/** The index of one backup, in the order of the keys' bytes; see `openIndex` of the files source. */
export async function openObjectIndex(
  reader: BackupReader,
  signal: AbortSignal,
  onBadLine?: OnBadLine,
): Promise<OpenObjectIndex> {
  const lines = splitLines(await reader.readMeta(objectIndexName, signal), reader.id);
  const first = await lines.next();
  try {
    return {
      header: header.parse(JSON.parse(first.done ? '' : first.value)),
      entries: parseLines(lines, reader.id, onBadLine),
      async [Symbol.asyncDispose]() {
        await lines.return(undefined);
      },
    };
  } catch (error) {
    await lines.return(undefined);
    throw malformed(reader.id, 'has no valid header', error);
  }
}

async function* parseLines(
  lines: AsyncGenerator<string>,
  own: string,
  onBadLine?: OnBadLine,
): AsyncGenerator<ObjectEntry | ObjectRemoval> {
  let previous: Buffer | undefined;
  for await (const text of lines) {
    const found = tryDecode(text, own, previous);
    if (found.entry) {
      previous = found.entry.path;
      yield found.entry;
    } else if (onBadLine) onBadLine(text.slice(0, 200), found.what);
    else throw malformed(own, `has a line that ${found.what}`, found.cause);
  }
}

type Decoded =
  | { readonly entry: ObjectEntry | ObjectRemoval }
  | { readonly entry?: never; readonly what: string; readonly cause?: unknown };

function tryDecode(text: string, own: string, previous: Buffer | undefined): Decoded {
  try {
    const entry = decodeObject(text, own);
    if (previous && Buffer.compare(previous, entry.path) >= 0)
      return { what: 'is a duplicate or out of order' };
    return { entry };
  } catch (cause) {
    return { what: 'is malformed', cause };
  }
}

function malformed(id: string, what: string, cause: unknown): HoldfastError {
  return new HoldfastError('document-malformed', `the index of backup ${id} ${what}`, { cause });
}

/** The key of the digests in this backup and in all of its chain. */
export async function contentKey(reader: BackupReader, signal: AbortSignal): Promise<ContentKey> {
  await using index = await openObjectIndex(reader, signal);
  return ContentKey.fromBase64(index.header.key);
}

/** The objects of the chain's last backup. */
export async function* readObjects(
  chain: readonly BackupReader[],
  signal: AbortSignal,
  onBadLine?: OnBadLine,
): AsyncGenerator<ObjectEntry> {
  await using stack = new AsyncDisposableStack();
  const streams: AsyncGenerator<ObjectEntry | ObjectRemoval>[] = [];
  for (const reader of indexLineage(chain))
    streams.push(stack.use(await openObjectIndex(reader, signal, onBadLine)).entries);
  yield* mergeIndexes<ObjectEntry, ObjectRemoval>(
    streams,
    (left, right) => Buffer.compare(left, right),
    (entry): entry is ObjectEntry => entry.type === 'object',
  );
}
