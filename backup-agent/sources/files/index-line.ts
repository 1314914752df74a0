import { isUtf8 } from 'node:buffer';
import type { Attribute } from './attributes/attribute.ts';
import type { Entry, EntryType, Extent, Removal } from './entry.ts';
import type { ExtentFields, LineFields } from './index-format.ts';

type Bytes = LineFields['p'];

const typeLetters = { file: 'f', directory: 'd', symlink: 'l' } as const;
const types: Record<'f' | 'd' | 'l', EntryType> = { f: 'file', d: 'directory', l: 'symlink' };

function encodeBytes(value: Buffer): string | { b: string } {
  return isUtf8(value) ? value.toString('utf8') : { b: value.toString('base64') };
}

function decodeBytes(value: Bytes): Buffer {
  return typeof value === 'string' ? Buffer.from(value) : Buffer.from(value.b, 'base64');
}

/** One line of the index of backup `own`, with its line feed. */
export function encodeEntry(entry: Entry | Removal, own: string): string {
  if (entry.type === 'removed')
    return `${JSON.stringify({ p: encodeBytes(entry.path), t: 'x' })}\n`;
  const { linkTo, target, extents } = entry;
  const fields: LineFields = {
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
    e: extents?.map((extent) => encodeExtent(extent, own)),
    h: linkTo && encodeBytes(linkTo),
    l: target && encodeBytes(target),
    a: entry.attributes?.map(({ name, value }) => [encodeBytes(name), value.toString('base64')]),
    sp: entry.sparse && 1,
    k: entry.mark,
  };
  return `${JSON.stringify(fields)}\n`;
}

/** Reads a line that `encodeEntry` has made in this process; any other one may yield anything. */
export function decodeOwnEntry(text: string, own: string): Entry | Removal {
  return entryOfFields(JSON.parse(text) as LineFields, own);
}

/** What the fields of a line of the index of backup `own` say. */
export function entryOfFields(fields: LineFields, own: string): Entry | Removal {
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

export function encodeExtent(extent: Extent, own: string): ExtentFields {
  const { segment, offset, length, backup, digest } = extent;
  if (digest !== undefined) return [segment, offset, length, backup === own ? '' : backup, digest];
  return backup === own ? [segment, offset, length] : [segment, offset, length, backup];
}

export function decodeExtent(fields: ExtentFields, own: string): Extent {
  const [segment, offset, length, backup, digest] = fields;
  const place = { backup: backup || own, segment, offset, length };
  return digest === undefined ? place : { ...place, digest };
}

function decodeAttribute([name, value]: [Bytes, string]): Attribute {
  return { name: decodeBytes(name), value: Buffer.from(value, 'base64') };
}
