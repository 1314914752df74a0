import { setImmediate } from 'node:timers/promises';
import type { Problem } from '../../errors/holdfast-error.ts';
import { ArchiveBlock, blockBytes } from './archive-block.ts';
import type { ReadAttributes } from './attributes/attribute.ts';
import type { ContentKey } from './content-key.ts';
import { joinPath, showPath, type Entry, type Extent } from './entry.ts';
import { OpenFile } from './file-content.ts';
import type { LinkGroups, LinkTurn } from './link-groups.ts';
import type { StoredContent } from './stored-content.ts';
import { errorCode, errorText, isGone } from './system-errors.ts';
import { tarEnd, tarHeader, tarPadding, type TarHeader } from './tar-header.ts';

/** An entry to store, and what the last backup knew of it. */
export interface Candidate {
  readonly entry: Entry;
  readonly previous?: Entry;
}

export interface PackerOptions {
  readonly root: Buffer;
  readonly backup: string;
  readonly segment: number;
  readonly key: ContentKey;
  readonly stored: StoredContent;
  readonly links: LinkGroups;
  /** Undefined where extended attributes are not kept. */
  readonly readAttributes: ReadAttributes | undefined;
  readonly signal: AbortSignal;
  readonly onProblem: (problem: Problem) => void;
  readonly onBytes: (count: number) => void;
}

/** What became of a candidate; undefined when it is not in the backup. */
export type Packed = Entry | undefined;

/** From here on a file is streamed; smaller ones are read at once. */
export const largeFileBytes = blockBytes / 2;
/** How many are packed before other work gets a turn. */
const candidatesPerTurn = 64;
const attempts = 3;

/**
 * Packs candidates into one tar archive, whole in itself. After the last chunk, `packed` says what
 * the index has to hold, in the candidates' order. A candidate whose content the chain already holds
 * is referred to and takes no room; an archive in which all are yields no chunk at all. Packers are
 * made in the order of the walk, and may then work at once. A chunk's memory is used again for the next.
 */
export class SegmentPacker {
  readonly packed: Packed[] = [];
  readonly #options: PackerOptions;
  readonly #candidates: readonly Candidate[];
  readonly #turns: readonly (LinkTurn | undefined)[];
  #scratch: Buffer | undefined;
  readonly #block = new ArchiveBlock();
  readonly #names = new Set<string>();
  /** What went downstream; the block comes after it. */
  #sent = 0;

  constructor(candidates: readonly Candidate[], options: PackerOptions) {
    this.#options = options;
    this.#candidates = candidates;
    this.#turns = candidates.map(({ entry }) => entry.linkTo && options.links.join(entry.linkTo));
  }

  async *pack(): AsyncGenerator<Buffer> {
    const { signal } = this.#options;
    try {
      for (const [index, candidate] of this.#candidates.entries()) {
        const turn = this.#turns[index];
        const earlier = await turn?.earlier;
        for (const chunk of this.#packOne(candidate, earlier)) yield this.#counted(chunk);
        turn?.settle(this.packed[index] ?? earlier);
        for (const chunk of this.#block.full()) yield this.#counted(chunk);
        if (index % candidatesPerTurn === 0) await setImmediate(undefined, { signal });
      }
    } finally {
      for (const turn of this.#turns) turn?.settle(undefined);
    }
    if (this.#position > 0) {
      this.#block.put(tarEnd);
      yield* this.#block.full();
      yield* this.#block.rest();
    }
    this.#block.release();
  }

  /** Before it goes: who gets a chunk may take its memory along. */
  #counted(chunk: Buffer): Buffer {
    this.#sent += chunk.length;
    return chunk;
  }

  get #position(): number {
    return this.#sent + this.#block.used;
  }

  *#packOne(candidate: Candidate, earlier: Entry | undefined): Generator<Buffer> {
    const { entry, previous } = candidate;
    try {
      if (earlier?.inode === entry.inode) this.#packLink(candidate, earlier);
      else if (entry.type === 'file' && entry.sizeBytes > 0) yield* this.#packFile(candidate);
      else if (entry.type === 'file') this.#packEmpty(this.#withAttributes(entry));
      else this.#packBare(this.#withAttributes(entry));
    } catch (error) {
      const what = errorText(error);
      this.#options.onProblem({ where: showPath(entry.path), what });
      const keep = previous?.type === 'file' && !isGone(error);
      this.packed.push(keep ? { ...previous, mark: 'stale' } : undefined);
    }
  }

  #packBare(entry: Entry): void {
    this.#block.put(tarHeader(headerOf(entry)));
    this.packed.push(entry);
  }

  #withAttributes(entry: Entry): Entry {
    const { root, readAttributes } = this.#options;
    const attributes = readAttributes?.(joinPath(root, entry.path), entry.path);
    return attributes ? { ...entry, attributes } : entry;
  }

  /** Nothing is there to be read. */
  #packEmpty(entry: Entry): void {
    this.#block.put(tarHeader(headerOf(entry)));
    this.#names.add(entry.path.toString('latin1'));
    this.packed.push({ ...entry, digest: this.#options.key.ofNothing, extents: [] });
  }

  *#packFile({ entry: found, previous }: Candidate): Generator<Buffer> {
    const absolute = joinPath(this.#options.root, found.path);
    for (let attempt = 1; ; attempt++) {
      using file = new OpenFile(absolute, found, this.#options.readAttributes);
      const stored = this.#known(file, previous) ?? (yield* this.#packContent(file, previous));
      const steady = file.unchanged && stored.whole;
      if (!steady && attempt < attempts) {
        if (stored.start !== undefined) this.#block.rewind(stored.start);
        continue;
      }
      this.#record(file.entry, stored, steady);
      return;
    }
  }

  #record(entry: Entry, { digest, extents }: StoredFile, steady: boolean): void {
    if (steady) {
      this.#options.stored.add(digest, extents);
      this.packed.push({ ...entry, digest, extents });
      return;
    }
    const what = 'changed or failed while it was read, each time; stored as last read';
    this.#options.onProblem({ where: showPath(entry.path), what });
    this.packed.push({ ...entry, digest, extents, mark: 'changed' });
  }

  *#packContent(file: OpenFile, previous: Entry | undefined): Generator<Buffer, StoredFile> {
    const { sizeBytes } = file.entry;
    const header = tarHeader(headerOf(file.entry));
    const room = header.length + sizeBytes + tarPadding(sizeBytes);
    if (sizeBytes >= largeFileBytes || room > blockBytes)
      return yield* this.#packLarge(file, header);
    return this.#packSmall(file, header, previous);
  }

  /** Reads straight into the block, from which a second attempt can take it back. */
  #packSmall(file: OpenFile, header: Buffer, previous: Entry | undefined): StoredFile {
    const { sizeBytes, path } = file.entry;
    const start = this.#block.used;
    this.#block.put(header);
    const offset = this.#position;
    const content = this.#block.take(sizeBytes);
    const count = readable(file, content, 0);
    content.fill(0, count);
    this.#block.take(tarPadding(sizeBytes)).fill(0);
    this.#options.onBytes(sizeBytes);
    const digest = this.#options.key.start().update(content).digest('base64url');
    const whole = count === sizeBytes;
    const known = whole && sizeBytes > 0 ? this.#find(digest, previous) : undefined;
    if (known) {
      this.#block.rewind(start);
      return { digest, extents: known, whole };
    }
    this.#names.add(path.toString('latin1'));
    return { digest, extents: this.#extents(offset, sizeBytes), whole, start };
  }

  /** A file that shrank is filled up, for its header already told its size. */
  *#packLarge(file: OpenFile, header: Buffer): Generator<Buffer, StoredFile> {
    const { sizeBytes, path } = file.entry;
    this.#block.put(header);
    yield* this.#block.full();
    const offset = this.#position;
    const hash = this.#options.key.start();
    this.#names.add(path.toString('latin1'));
    let position = 0;
    let whole = true;
    while (position < sizeBytes) {
      const wanted = Math.min(this.#block.free, sizeBytes - position);
      const buffer = this.#block.take(wanted);
      const count = readable(file, buffer, position);
      buffer.fill(0, count);
      hash.update(buffer);
      this.#options.onBytes(count);
      position += wanted;
      whole &&= count === wanted;
      yield* this.#block.full();
    }
    this.#block.put(Buffer.alloc(tarPadding(sizeBytes)));
    const extents = this.#extents(offset, sizeBytes);
    return { digest: hash.digest('base64url'), extents, whole };
  }

  #extents(offset: number, length: number): readonly Extent[] {
    const { backup, segment } = this.#options;
    return length > 0 ? [{ backup, segment, offset, length }] : [];
  }

  /** A large file is hashed first where the chain may well have its content already. */
  #known(file: OpenFile, previous: Entry | undefined): StoredFile | undefined {
    const { sizeBytes } = file.entry;
    const { stored, key } = this.#options;
    if (sizeBytes < largeFileBytes) return undefined;
    if (previous?.sizeBytes !== sizeBytes && !stored.hasLarge(sizeBytes)) return undefined;
    const digest = file.digest(key, (this.#scratch ??= Buffer.allocUnsafeSlow(blockBytes)));
    const extents = this.#find(digest, previous);
    return extents && { digest, extents, whole: true };
  }

  #find(digest: string, previous: Entry | undefined): readonly Extent[] | undefined {
    if (previous?.digest === digest && previous.extents) return previous.extents;
    return this.#options.stored.find(digest);
  }

  /** A further name of a file in this same archive stands in it as a link. */
  #packLink({ entry }: Candidate, earlier: Entry): void {
    const { path, linkTo } = entry;
    if (linkTo && this.#names.has(linkTo.toString('latin1')))
      this.#block.put(
        tarHeader({ ...headerOf(entry), type: 'link', linkPath: linkTo, sizeBytes: 0 }),
      );
    this.packed.push({ ...earlier, path });
  }
}

interface StoredFile {
  readonly digest: string;
  readonly extents: readonly Extent[];
  readonly whole: boolean;
  /** Where it stands in the block, as long as it can be taken back. */
  readonly start?: number;
}

function headerOf(entry: Entry): TarHeader {
  const { path, type, target } = entry;
  const name = path.length === 0 ? Buffer.from('.') : path;
  return {
    ...entry,
    path: type === 'directory' ? Buffer.concat([name, Buffer.from('/')]) : name,
    type,
    ...(target ? { linkPath: target } : {}),
  };
}

/** What fails in the middle counts as missing: the header before it already told the size. */
function readable(file: OpenFile, into: Buffer, position: number): number {
  try {
    return file.read(into, position);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return 0;
  }
}
