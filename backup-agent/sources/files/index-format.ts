import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import type { Attribute } from './attributes/attribute.ts';
import type { Entry, EntryType, Extent, Removal } from './entry.ts';

/** Names that are UTF-8 stand as text, others as base64 of their bytes. */
const bytes = z.union([z.string(), z.strictObject({ b: z.base64() })]);
const count = z.int().nonnegative();
const nanoseconds = z.string().regex(/^-?\d{1,20}$/);

/** Segment, offset, length, and the backup that holds the segment when it is another one. */
const extent = z.union([
  z.tuple([count, count, count]),
  z.tuple([count, count, count, z.string().max(64)]),
]);

const line = z.strictObject({
  p: bytes,
  t: z.enum(['f', 'd', 'l', 'x']),
  m: count.max(0o7777).optional(),
  u: count.optional(),
  g: count.optional(),
  s: count.optional(),
  mt: nanoseconds.optional(),
  ct: nanoseconds.optional(),
  i: nanoseconds.optional(),
  d: z.string().max(64).optional(),
  e: z.array(extent).optional(),
  h: bytes.optional(),
  l: bytes.optional(),
  a: z.array(z.tuple([bytes, z.base64()])).optional(),
  sp: z.literal(1).optional(),
  k: z.enum(['changed', 'stale']).optional(),
});

/** The first line of an index. */
export const indexHeader = z.strictObject({
  format: z.literal('holdfast-files-index/1'),
  /** Key of the content digests, base64; one for a whole chain. */
  key: z.base64(),
  /** `whole`: every entry. `changes`: what differs from the parent's index, removals included. */
  index: z.enum(['whole', 'changes']),
});
export type IndexHeader = z.infer<typeof indexHeader>;

const typeLetters = { file: 'f', directory: 'd', symlink: 'l' } as const;
const types: Record<'f' | 'd' | 'l', EntryType> = { f: 'file', d: 'directory', l: 'symlink' };

function encodeBytes(value: Buffer): string | { b: string } {
  return isUtf8(value) ? value.toString('utf8') : { b: value.toString('base64') };
}

function decodeBytes(value: z.infer<typeof bytes>): Buffer {
  return typeof value === 'string' ? Buffer.from(value) : Buffer.from(value.b, 'base64');
}

/** One line of the index of backup `own`, with its line feed. */
export function encodeEntry(entry: Entry | Removal, own: string): string {
  if (entry.type === 'removed')
    return `${JSON.stringify({ p: encodeBytes(entry.path), t: 'x' })}\n`;
  const { linkTo, target, extents } = entry;
  const fields: z.input<typeof line> = {
    p: encodeBytes(entry.path),
    t: typeLetters[entry.type],
    m: entry.mode,
    u: entry.uid,
    g: entry.gid,
    s: entry.sizeBytes,
    mt: String(entry.mtimeNs),
    ct: String(entry.ctimeNs),
    i: String(entry.inode),
    d: entry.digest,
    e: extents?.map(({ segment, offset, length, backup }) =>
      backup === own ? [segment, offset, length] : [segment, offset, length, backup],
    ),
    h: linkTo && encodeBytes(linkTo),
    l: target && encodeBytes(target),
    a: entry.attributes?.map(({ name, value }) => [encodeBytes(name), value.toString('base64')]),
    sp: entry.sparse && 1,
    k: entry.mark,
  };
  return `${JSON.stringify(fields)}\n`;
}

/** Reads a line of the index of backup `own`. Throws when it is not one, whatever it is. */
export function decodeEntry(text: string, own: string): Entry | Removal {
  return fromFields(line.parse(JSON.parse(text)), own);
}

/** The same for a line that another thread of this process has made with `encodeEntry`. */
export function decodeTrusted(text: string, own: string): Entry | Removal {
  return fromFields(JSON.parse(text) as z.infer<typeof line>, own);
}

function fromFields(fields: z.infer<typeof line>, own: string): Entry | Removal {
  const path = decodeBytes(fields.p);
  if (fields.t === 'x') return { path, type: 'removed' };
  return {
    path,
    type: types[fields.t],
    mode: fields.m ?? 0,
    uid: fields.u ?? 0,
    gid: fields.g ?? 0,
    sizeBytes: fields.s ?? 0,
    mtimeNs: BigInt(fields.mt ?? '0'),
    ctimeNs: BigInt(fields.ct ?? '0'),
    inode: BigInt(fields.i ?? '0'),
    ...(fields.d === undefined ? {} : { digest: fields.d }),
    ...(fields.e ? { extents: fields.e.map((e) => decodeExtent(e, own)) } : {}),
    ...(fields.h === undefined ? {} : { linkTo: decodeBytes(fields.h) }),
    ...(fields.l === undefined ? {} : { target: decodeBytes(fields.l) }),
    ...(fields.a ? { attributes: fields.a.map(decodeAttribute) } : {}),
    ...(fields.sp ? { sparse: true as const } : {}),
    ...(fields.k ? { mark: fields.k } : {}),
  };
}

function decodeExtent(value: z.infer<typeof extent>, own: string): Extent {
  const [segment, offset, length, backup = own] = value;
  return { backup, segment, offset, length };
}

function decodeAttribute([name, value]: [z.infer<typeof bytes>, string]): Attribute {
  return { name: decodeBytes(name), value: Buffer.from(value, 'base64') };
}
