import { setImmediate } from 'node:timers/promises';
import type { Problem } from '../../errors/holdfast-error.ts';
import type { ContentKey } from './content-key.ts';
import { joinPath, showPath, type Entry, type Extent } from './entry.ts';
import { OpenFile } from './file-content.ts';
import type { LinkGroups, LinkTurn } from './link-groups.ts';
import type { StoredContent } from './stored-content.ts';
import { errorText, isGone } from './system-errors.ts';
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
  readonly signal: AbortSignal;
  readonly onProblem: (problem: Problem) => void;
  readonly onBytes: (count: number) => void;
}

/** What became of a candidate; undefined when it is not in the backup. */
export type Packed = Entry | undefined;

const readBytes = 1024 * 1024;
const attempts = 3;

/**
 * Packs candidates into one tar archive, whole in itself. After the last chunk, `packed` says what
 * the index has to hold, in the candidates' order. A candidate whose content the chain already holds
 * is referred to and takes no room; an archive in which all are yields no chunk at all. Packers are
 * made in the order of the walk, and may then work at once.
 */
export class SegmentPacker {
  readonly packed: Packed[] = [];
  readonly #options: PackerOptions;
  readonly #candidates: readonly Candidate[];
  readonly #turns: readonly (LinkTurn | undefined)[];
  readonly #scratch = Buffer.allocUnsafeSlow(readBytes);
  readonly #names = new Set<string>();
  #written = 0;

  constructor(candidates: readonly Candidate[], options: PackerOptions) {
    this.#options = options;
    this.#candidates = candidates;
    this.#turns = candidates.map(({ entry }) => entry.linkTo && options.links.join(entry.linkTo));
  }

  async *pack(): AsyncGenerator<Buffer> {
    try {
      for (const [index, candidate] of this.#candidates.entries()) {
        const turn = this.#turns[index];
        const earlier = await turn?.earlier;
        for (const chunk of this.#packOne(candidate, earlier)) {
          this.#written += chunk.length;
          yield chunk;
        }
        turn?.settle(this.packed[index] ?? earlier);
        this.#options.signal.throwIfAborted();
        await setImmediate();
      }
    } finally {
      for (const turn of this.#turns) turn?.settle(undefined);
    }
    if (this.#written > 0) yield tarEnd;
  }

  *#packOne(candidate: Candidate, earlier: Entry | undefined): Generator<Buffer> {
    const { entry, previous } = candidate;
    try {
      if (earlier?.inode === entry.inode) yield* this.#packLink(candidate, earlier);
      else if (entry.type === 'file') yield* this.#packFile(candidate);
      else {
        yield tarHeader(headerOf(entry));
        this.packed.push(entry);
      }
    } catch (error) {
      const what = errorText(error);
      this.#options.onProblem({ where: showPath(entry.path), what });
      const keep = previous?.type === 'file' && !isGone(error);
      this.packed.push(keep ? { ...previous, mark: 'stale' } : undefined);
    }
  }

  *#packFile({ entry: found, previous }: Candidate): Generator<Buffer> {
    const absolute = joinPath(this.#options.root, found.path);
    for (let attempt = 1; ; attempt++) {
      using file = new OpenFile(absolute, found);
      const stored = yield* this.#packContent(file, previous);
      const steady = file.unchanged && stored.whole;
      if (!steady && attempt < attempts) continue;
      if (!steady)
        this.#options.onProblem({
          where: showPath(found.path),
          what: 'changed while it was read, each time; stored as last read',
        });
      const { digest, extents } = stored;
      if (steady) this.#options.stored.add(digest, file.entry.sizeBytes, extents);
      this.packed.push({
        ...file.entry,
        digest,
        extents,
        ...(steady ? {} : { mark: 'changed' as const }),
      });
      return;
    }
  }

  *#packContent(file: OpenFile, previous: Entry | undefined): Generator<Buffer, StoredFile> {
    const { entry } = file;
    const known = this.#known(file, previous);
    if (known) return known;
    yield tarHeader(headerOf(entry));
    const { backup, segment, key } = this.#options;
    const offset = this.#written;
    const hash = key.start();
    let position = 0;
    while (position < entry.sizeBytes) {
      const buffer = Buffer.allocUnsafeSlow(Math.min(readBytes, entry.sizeBytes - position));
      const count = file.read(buffer, position);
      if (count === 0) break;
      position += count;
      const chunk = buffer.subarray(0, count);
      hash.update(chunk);
      this.#options.onBytes(count);
      yield chunk;
    }
    const whole = position === entry.sizeBytes;
    yield* zeros(entry.sizeBytes - position, hash);
    if (tarPadding(entry.sizeBytes) > 0) yield Buffer.alloc(tarPadding(entry.sizeBytes));
    this.#names.add(entry.path.toString('latin1'));
    const extents =
      entry.sizeBytes > 0 ? [{ backup, segment, offset, length: entry.sizeBytes }] : [];
    return { digest: hash.digest('base64url'), extents, whole };
  }

  /** Hashes first where the content may well be in the chain already. */
  #known(file: OpenFile, previous: Entry | undefined): StoredFile | undefined {
    const { sizeBytes } = file.entry;
    const { stored, key } = this.#options;
    if (sizeBytes === 0) return undefined;
    const same = previous?.type === 'file' && previous.sizeBytes === sizeBytes;
    if (!same && !stored.hasSize(sizeBytes)) return undefined;
    const digest = file.digest(key, this.#scratch);
    const extents =
      same && previous.digest === digest && previous.extents
        ? previous.extents
        : stored.find(digest);
    return extents && { digest, extents, whole: true };
  }

  /** A further name of a file in this same archive stands in it as a link. */
  *#packLink({ entry }: Candidate, earlier: Entry): Generator<Buffer> {
    const { path, linkTo } = entry;
    if (linkTo && this.#names.has(linkTo.toString('latin1')))
      yield tarHeader({ ...headerOf(entry), type: 'link', linkPath: linkTo, sizeBytes: 0 });
    this.packed.push({ ...earlier, path });
  }
}

interface StoredFile {
  readonly digest: string;
  readonly extents: readonly Extent[];
  readonly whole: boolean;
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

/** A file that shrank while it was read is filled up, for its header already told its size. */
function* zeros(count: number, hash: { update(data: Uint8Array): unknown }): Generator<Buffer> {
  for (let left = count; left > 0; left -= readBytes) {
    const chunk = Buffer.alloc(Math.min(readBytes, left));
    hash.update(chunk);
    yield chunk;
  }
}
