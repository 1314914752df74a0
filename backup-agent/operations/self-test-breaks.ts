import { open, rm } from 'node:fs/promises';
import { expectedContent } from '../drills/expected-content.ts';
import type { Entry } from '../sources/files/entry.ts';
import type { IndexHeader } from '../sources/files/index-format.ts';
import { encodeEntry } from '../sources/files/index-line.ts';
import { indexName, openIndex, readTree } from '../sources/files/index-reader.ts';
import type { ObjectEntry } from '../sources/s3/object-entry.ts';
import {
  encodeObject,
  openObjectIndex,
  readObjects,
  type ObjectIndexHeader,
} from '../sources/s3/object-index.ts';
import type { InventoryTable } from '../sources/postgres/inventory.ts';
import type { BackupReader } from '../sources/source.ts';
import type { ScratchManifest, ScratchRepository } from './self-test-copy.ts';

export interface BreakContext {
  readonly scratch: ScratchRepository;
  /** The job of the database. */
  readonly job: string;
  readonly attachmentsJob: string | undefined;
  readonly signal: AbortSignal;
}

/** Breaks a scratch repository before it is sealed; false where this backup has nothing to break so. */
export type Break = (context: BreakContext) => Promise<boolean>;

/** Every way in which a self-test breaks a backup. A drill that passes one of them proves nothing. */
export const breaks = {
  'a flipped byte': flipByte,
  'a missing object': removeObject,
  'a missing incremental': removeIncremental,
  'swapped tables': swapTables,
  'a dropped row': dropRow,
  'a stale attachment': staleAttachments,
  'an unsigned manifest': dropSignature,
} as const satisfies Record<string, Break>;

function chainOf({ scratch, job }: Pick<BreakContext, 'scratch' | 'job'>): ScratchManifest[] {
  return scratch.manifests.get(job) ?? [];
}

/** Of a full's objects the largest: what a restore needs most. */
function largest({ objects }: ScratchManifest) {
  return objects.toSorted((left, right) => right.sizeBytes - left.sizeBytes)[0];
}

async function flipByte(context: BreakContext): Promise<boolean> {
  const [full] = chainOf(context);
  const entry = full && largest(full);
  if (!full || !entry) return false;
  const file = context.scratch.fileOf(full, 'objects', entry.name);
  // The file is shared by links: the others must keep their bytes.
  await context.scratch.unshare(full, 'objects', entry.name);
  await using handle = await open(file, 'r+');
  const position = Math.floor(entry.sizeBytes / 2);
  const byte = Buffer.alloc(1);
  await handle.read(byte, 0, 1, position);
  await handle.write(Buffer.of((byte[0] ?? 0) ^ 1), 0, 1, position);
  return true;
}

async function removeObject(context: BreakContext): Promise<boolean> {
  const [full] = chainOf(context);
  const entry = full && largest(full);
  if (!full || !entry) return false;
  await rm(context.scratch.fileOf(full, 'objects', entry.name));
  return true;
}

/**
 * One in the middle is taken out and the next made to hang on what was before it, signed as if that
 * were right; with a single incremental, it is simply not there.
 */
async function removeIncremental(context: BreakContext): Promise<boolean> {
  const chain = chainOf(context);
  if (chain.length < 2) return false;
  const [removed] = chain.splice(1, 1);
  const next = chain[1];
  if (next && removed?.parent !== undefined) next.parent = removed.parent;
  return true;
}

async function dropSignature(context: BreakContext): Promise<boolean> {
  const last = chainOf(context).at(-1);
  if (last) context.scratch.unsigned = last.id;
  return last !== undefined;
}

/** Tables that reach the end of the chain as the full has them: nothing later hides what is done. */
async function untouchedTables({ scratch, job, signal }: BreakContext): Promise<InventoryTable[]> {
  const content = await expectedContent(scratch.readers(job), { kind: 'end' }, signal);
  const last = new Map(content.tables.map((table) => [`${table.schema}\n${table.name}`, table]));
  return content.inventory.tables
    .filter(({ oid, schema, name, rows, digest, objects }) => {
      if (content.notFromFull.has(oid)) return false;
      const expected = last.get(`${schema}\n${name}`);
      return rows > 0 && objects.length > 0 && digest !== undefined && expected?.digest === digest;
    })
    .toSorted((left, right) => left.bytes - right.bytes);
}

/** Each table gets the other's rows, in a manifest that says they belong there. */
async function swapTables(context: BreakContext): Promise<boolean> {
  const [full] = chainOf(context);
  const tables = await untouchedTables(context);
  const [first] = tables;
  const second = tables.find(({ digest }) => digest !== first?.digest);
  const [one] = first?.objects ?? [];
  const [other] = second?.objects ?? [];
  if (!full || one === undefined || other === undefined) return false;
  await context.scratch.swap(full, one, other);
  return true;
}

/** The last row of the smallest table goes; everything else fits. */
async function dropRow(context: BreakContext): Promise<boolean> {
  const { scratch, job, signal } = context;
  const [full] = chainOf(context);
  const [reader] = scratch.readers(job);
  const name = (await untouchedTables(context))[0]?.objects[0];
  if (!full || !reader || name === undefined) return false;
  await scratch.replace(
    full,
    'objects',
    name,
    withoutLastRow(await reader.readObject(name, signal)),
  );
  return true;
}

/** COPY text holds a line feed only at a row's end. */
async function* withoutLastRow(rows: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held = Buffer.alloc(0);
  for await (const chunk of rows) {
    const block = Buffer.concat([held, chunk]);
    const end = block.lastIndexOf(10, -2) + 1;
    yield block.subarray(0, end);
    held = Buffer.from(block.subarray(end));
  }
}

/**
 * Every file gets the content of the one before it, in an index that says so: the attachments are
 * sound in themselves, and only the rows know better.
 */
async function staleAttachments(context: BreakContext): Promise<boolean> {
  const { scratch, attachmentsJob, signal } = context;
  const chain = chainOf({ scratch, job: attachmentsJob ?? '' });
  const readers = scratch.readers(attachmentsJob ?? '');
  const last = chain.at(-1);
  const reader = readers.at(-1);
  if (!last || !reader) return false;
  const rotation = { count: 0 };
  const lines =
    last.source.kind === 's3'
      ? rotatedObjects(readers, last.id, rotation, signal)
      : rotatedFiles(readers, last.id, rotation, signal);
  await scratch.replace(last, 'meta', indexName, lines);
  last.source = { ...last.source, indexParent: null };
  return rotation.count > 0;
}

async function* rotatedFiles(
  readers: readonly BackupReader[],
  own: string,
  rotation: { count: number },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const reader = readers.at(-1);
  if (reader) yield wholeIndex(await readHeader(reader, signal));
  let before: Entry | undefined;
  for await (const entry of readTree(readers, signal)) {
    const content = entry.type === 'file' && entry.linkTo === undefined ? entry : undefined;
    if (content && before && before.digest !== content.digest) rotation.count += 1;
    yield Buffer.from(encodeEntry(content && before ? withContent(content, before) : entry, own));
    before = content ?? before;
  }
}

async function* rotatedObjects(
  readers: readonly BackupReader[],
  own: string,
  rotation: { count: number },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const reader = readers.at(-1);
  if (reader) yield wholeIndex(await readObjectHeader(reader, signal));
  let before: ObjectEntry | undefined;
  for await (const entry of readObjects(readers, signal)) {
    if (before && before.digest !== entry.digest) rotation.count += 1;
    yield Buffer.from(encodeObject(before ? withContent(entry, before) : entry, own));
    before = entry;
  }
}

function wholeIndex(header: IndexHeader | ObjectIndexHeader): Buffer {
  return Buffer.from(`${JSON.stringify({ ...header, index: 'whole' })}\n`);
}

async function readObjectHeader(
  reader: BackupReader,
  signal: AbortSignal,
): Promise<ObjectIndexHeader> {
  await using index = await openObjectIndex(reader, signal);
  return index.header;
}

async function readHeader(reader: BackupReader, signal: AbortSignal): Promise<IndexHeader> {
  await using index = await openIndex(reader, signal);
  return index.header;
}

function withContent<E extends Entry | ObjectEntry>(
  entry: E,
  { sizeBytes, digest, extents }: Entry | ObjectEntry,
): E {
  const { digest: _, extents: __, ...rest } = entry;
  const content = {
    sizeBytes,
    ...(digest === undefined ? {} : { digest }),
    ...(extents === undefined ? {} : { extents }),
  };
  // What is left out are optional fields, and all others are those of the entry.
  return { ...rest, sparse: undefined, ...content } as unknown as E;
}
