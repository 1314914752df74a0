import { setImmediate } from 'node:timers/promises';
import type { Problem } from '../../errors/holdfast-error.ts';
import { blockBytes } from '../../stream/coalesce.ts';
import { ArchiveBlocks } from './archive-blocks.ts';
import type { ReadAttributes } from './attributes/attribute.ts';
import { contentHash } from './content-hash.ts';
import type { ContentKey, DigestRoom } from './content-key.ts';
import { joinPath, showPath, type Entry, type Extent } from './entry.ts';
import { OpenFile, readAsFound } from './file-content.ts';
import type { LinkGroups, LinkTurn } from './link-groups.ts';
import { readAttempts } from './parts.ts';
import type { StoredContent } from './stored-content.ts';
import { errorCode, errorText, isGone } from './system-errors.ts';
import { tarBlockBytes, tarEnd, tarHeader, tarPadding, type TarHeader } from './tar-header.ts';

/** An entry to store, and what the last backup knew of it. */
export interface Candidate {
  readonly entry: Entry;
  readonly previous?: Entry;
  /** Of a large file: the parts that an interrupted run has stored. */
  readonly begun?: Entry;
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

/** From here on a file is streamed; smaller ones are read as a whole. */
export const largeFileBytes = blockBytes / 2;
/** How many are packed before other work gets a turn. */
const candidatesPerTurn = 64;
const padding = Buffer.alloc(tarBlockBytes);

/**
 * Packs candidates into one tar archive, whole in itself. After the last chunk, `packed` says what
 * the index has to hold, in the candidates' order. A candidate whose content the chain already holds
 * is referred to and takes no room; an archive in which all are yields no chunk at all. Packers are
 * made in the order of the walk, and may then work at once. Full chunks are given to the receiver.
 */
export class SegmentPacker {
  readonly packed: Packed[] = [];
  readonly #options: PackerOptions;
  readonly #candidates: readonly Candidate[];
  readonly #turns: readonly (LinkTurn | undefined)[];
  readonly #blocks = new ArchiveBlocks();
  /** Names that a later one may be a link to. */
  readonly #names = new Set<string>();
  #small: DigestRoom | undefined;
  #scratch: Buffer | undefined;

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
        const earlier = turn && (await turn.earlier);
        if (!this.#packAtOnce(candidate, earlier)) yield* this.#packStreaming(candidate);
        turn?.settle(this.packed[index] ?? earlier);
        if (this.#blocks.isFull) yield* this.#blocks.full();
        if (index % candidatesPerTurn > 0) continue;
        await setImmediate();
        signal.throwIfAborted();
      }
    } finally {
      for (const turn of this.#turns) turn?.settle(undefined);
    }
    if (this.#blocks.position === 0) return;
    this.#blocks.put(tarEnd);
    yield* this.#blocks.full();
    yield* this.#blocks.rest();
  }

  /** False when it is a large file, of which nothing is packed yet. */
  #packAtOnce(candidate: Candidate, earlier: Entry | undefined): boolean {
    const { entry } = candidate;
    try {
      if (earlier?.inode === entry.inode) this.#packLink(candidate, earlier);
      else if (entry.type !== 'file') this.#packBare(this.#withAttributes(entry));
      else if (entry.sizeBytes === 0) this.#packEmpty(this.#withAttributes(entry));
      else return entry.sizeBytes < largeFileBytes && this.#packSmall(candidate);
    } catch (error) {
      this.#lose(candidate, error);
    }
    return true;
  }

  *#packStreaming(candidate: Candidate): Generator<Buffer> {
    try {
      yield* this.#packLarge(candidate);
    } catch (error) {
      this.#lose(candidate, error);
    }
  }

  #lose({ entry, previous }: Candidate, error: unknown): void {
    const what = errorText(error);
    this.#options.onProblem({ where: showPath(entry.path), what });
    const keep = previous?.type === 'file' && !isGone(error);
    this.packed.push(keep ? { ...previous, mark: 'stale' } : undefined);
  }

  #packBare(entry: Entry): void {
    this.#blocks.put(tarHeader(headerOf(entry)));
    this.packed.push(entry);
  }

  #withAttributes(entry: Entry): Entry {
    const { root, readAttributes } = this.#options;
    const attributes = readAttributes?.(joinPath(root, entry.path), entry.path);
    return attributes ? { ...entry, attributes } : entry;
  }

  /** Nothing is there to be read. */
  #packEmpty(entry: Entry): void {
    this.#blocks.put(tarHeader(headerOf(entry)));
    this.#remember(entry);
    this.packed.push({ ...entry, digest: this.#options.key.ofNothing, extents: [] });
  }

  /** Reads a file aside before any of it is packed. False when it has become large. */
  #packSmall(candidate: Candidate): boolean {
    const { root, key, readAttributes, onBytes } = this.#options;
    const { entry: found, previous } = candidate;
    const { sizeBytes } = found;
    const room = (this.#small ??= key.room(largeFileBytes));
    const content = room.content(sizeBytes);
    const entry = readAsFound(joinPath(root, found.path), found, content, readAttributes);
    if (!entry) return this.#packChanged(candidate, room);
    onBytes(sizeBytes);
    const digest = room.digest(sizeBytes);
    const extents = this.#find(digest, previous) ?? this.#putSmall(entry, content);
    this.#record(entry, { digest, extents, whole: true }, true);
    return true;
  }

  /** A small file that is not as it was found is read as often as it takes. */
  #packChanged({ entry: found, previous }: Candidate, room: DigestRoom): boolean {
    const absolute = joinPath(this.#options.root, found.path);
    for (let attempt = 1; ; attempt++) {
      using file = new OpenFile(absolute, found, this.#options.readAttributes);
      const { sizeBytes } = file.entry;
      if (sizeBytes >= largeFileBytes) return false;
      const content = room.content(sizeBytes);
      const count = readable(file, content, 0);
      this.#options.onBytes(count);
      const whole = count === sizeBytes;
      const steady = whole && file.unchanged;
      if (!steady && attempt < readAttempts) continue;
      if (!whole) content.fill(0, count);
      const digest = room.digest(sizeBytes);
      const known = whole && sizeBytes > 0 ? this.#find(digest, previous) : undefined;
      const extents = known ?? this.#putSmall(file.entry, content);
      this.#record(file.entry, { digest, extents, whole }, steady);
      return true;
    }
  }

  #putSmall(entry: Entry, content: Buffer): readonly Extent[] {
    this.#blocks.put(tarHeader(headerOf(entry)));
    const extents = this.#extents(this.#blocks.position, content.length);
    this.#blocks.put(content);
    this.#blocks.put(padding.subarray(0, tarPadding(content.length)));
    this.#remember(entry);
    return extents;
  }

  *#packLarge({ entry: found, previous }: Candidate): Generator<Buffer> {
    const absolute = joinPath(this.#options.root, found.path);
    for (let attempt = 1; ; attempt++) {
      using file = new OpenFile(absolute, found, this.#options.readAttributes);
      const stored = this.#known(file, previous) ?? (yield* this.#putLarge(file));
      const steady = file.unchanged && stored.whole;
      if (!steady && attempt < readAttempts) continue;
      this.#record(file.entry, stored, steady, file.beginning());
      return;
    }
  }

  #record(
    entry: Entry,
    { digest, extents }: StoredFile,
    steady: boolean,
    beginning?: number,
  ): void {
    if (steady) {
      this.#options.stored.add(digest, extents, beginning);
      this.packed.push({ ...entry, digest, extents });
      return;
    }
    const what = 'changed or failed while it was read, each time; stored as last read';
    this.#options.onProblem({ where: showPath(entry.path), what });
    this.packed.push({ ...entry, digest, extents, mark: 'changed' });
  }

  /** A file that shrank is filled up, for its header already told its size. */
  *#putLarge(file: OpenFile): Generator<Buffer, StoredFile> {
    const { entry } = file;
    const { sizeBytes } = entry;
    this.#blocks.put(tarHeader(headerOf(entry)));
    const offset = this.#blocks.position;
    const hash = this.#options.key.start();
    let position = 0;
    let whole = true;
    while (position < sizeBytes) {
      yield* this.#blocks.full();
      const buffer = this.#blocks.take(sizeBytes - position);
      const count = readable(file, buffer, position);
      buffer.fill(0, count);
      hash.update(buffer);
      this.#options.onBytes(count);
      position += buffer.length;
      whole &&= count === buffer.length;
    }
    this.#blocks.put(padding.subarray(0, tarPadding(sizeBytes)));
    this.#remember(entry);
    return { digest: hash.digest('base64url'), extents: this.#extents(offset, sizeBytes), whole };
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
    const isPossible =
      previous?.sizeBytes === sizeBytes || stored.mayHaveLarge(sizeBytes, () => file.beginning());
    if (!isPossible) return undefined;
    const digest = file.digest(
      contentHash(key),
      (this.#scratch ??= Buffer.allocUnsafeSlow(blockBytes)),
    );
    const extents = this.#find(digest, previous);
    return extents && { digest, extents, whole: true };
  }

  #find(digest: string, previous: Entry | undefined): readonly Extent[] | undefined {
    if (previous?.digest === digest && previous.extents) return previous.extents;
    return this.#options.stored.find(digest);
  }

  #remember({ path, linkTo }: Entry): void {
    if (linkTo) this.#names.add(path.toString('latin1'));
  }

  /** A further name of a file in this same archive stands in it as a link. */
  #packLink({ entry }: Candidate, earlier: Entry): void {
    const { path, linkTo } = entry;
    if (linkTo && this.#names.has(linkTo.toString('latin1')))
      this.#blocks.put(
        tarHeader({ ...headerOf(entry), type: 'link', linkPath: linkTo, sizeBytes: 0 }),
      );
    this.packed.push({ ...earlier, path });
  }
}

interface StoredFile {
  readonly digest: string;
  readonly extents: readonly Extent[];
  readonly whole: boolean;
}

export function headerOf(entry: Entry): TarHeader {
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
export function readable(file: OpenFile, into: Buffer, position: number): number {
  try {
    return file.read(into, position);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return 0;
  }
}
