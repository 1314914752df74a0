import { setImmediate } from 'node:timers/promises';
import { ArchiveBlocks } from './archive-blocks.ts';
import { ContentSum, rehash } from './content-sum.ts';
import { joinPath, showPath, type Entry, type Extent } from './entry.ts';
import { OpenFile, sameState } from './file-content.ts';
import { begunDigest, isBegun } from './interrupted.ts';
import type { LinkTurn } from './link-groups.ts';
import {
  lengthOf,
  partPath,
  partsOf,
  placesBehind,
  readAttempts,
  storeInTurn,
  type PartPlace,
  type StoringParts,
} from './parts.ts';
import {
  headerOf,
  readable,
  type Candidate,
  type Packed,
  type PackerOptions,
} from './segment-packer.ts';
import { segmentName } from './segment-name.ts';
import { errorText, isGone } from './system-errors.ts';
import { tarEnd, tarHeader, tarPadding } from './tar-header.ts';

export interface LargeFileOptions extends PackerOptions, StoringParts {
  /** What a run that goes on is told of the file and the parts that are stored so far. */
  readonly note: (begun: Entry) => string;
}

interface StoredParts {
  readonly digest: string;
  readonly extents: readonly Extent[];
  /** Nothing was missing when it was read. */
  readonly whole: boolean;
}

/**
 * Stores a file that is larger than a segment in several of them, a part in each. What an interrupted
 * run has stored of it is read again for the digest, and stays where it is. To be made in the order
 * of the walk, like a `SegmentPacker`.
 */
export class LargeFile {
  readonly #candidate: Candidate;
  readonly #options: LargeFileOptions;
  readonly #turn: LinkTurn | undefined;
  readonly #parts: number;
  #segment: number;

  constructor(candidate: Candidate, options: LargeFileOptions) {
    const { linkTo, sizeBytes } = candidate.entry;
    this.#candidate = candidate;
    this.#options = options;
    this.#turn = linkTo && options.links.join(linkTo);
    this.#parts = partsOf(sizeBytes, options.partBytes);
    this.#segment = options.segment;
  }

  async store(): Promise<Packed> {
    const { entry } = this.#candidate;
    let packed: Packed;
    try {
      const earlier = await this.#turn?.earlier;
      packed =
        earlier?.inode === entry.inode
          ? { ...earlier, path: entry.path }
          : await this.#storeSteadily();
      return packed;
    } finally {
      this.#turn?.settle(packed);
    }
  }

  async #storeSteadily(): Promise<Packed> {
    for (let attempt = 1; ; attempt++) {
      using file = this.#open();
      if (!file) return this.#stale;
      const { digest, extents, whole } = this.#known(file) ?? (await this.#storeParts(file));
      const stored = { ...file.entry, digest, extents };
      if (file.unchanged && whole) {
        this.#options.stored.add(digest, extents, file.beginning());
        return stored;
      }
      if (attempt < readAttempts) continue;
      this.#report('changed or failed while it was read, each time; stored as last read');
      return { ...stored, mark: 'changed' };
    }
  }

  #report(what: string): void {
    this.#options.onProblem({ where: showPath(this.#candidate.entry.path), what });
  }

  #stale: Packed;

  #open(): OpenFile | undefined {
    const { root, readAttributes } = this.#options;
    const { entry, previous } = this.#candidate;
    try {
      return new OpenFile(joinPath(root, entry.path), entry, readAttributes);
    } catch (error) {
      this.#report(errorText(error));
      const keep = previous?.type === 'file' && !isGone(error);
      this.#stale = keep ? { ...previous, mark: 'stale' } : undefined;
      return undefined;
    }
  }

  /** Hashed first where the chain may well have the content already. */
  #known(file: OpenFile): StoredParts | undefined {
    const { sizeBytes } = file.entry;
    const { previous } = this.#candidate;
    const { stored, key, onBytes } = this.#options;
    const isPossible =
      previous?.sizeBytes === sizeBytes || stored.mayHaveLarge(sizeBytes, () => file.beginning());
    if (!isPossible) return undefined;
    const content = new ContentSum(key);
    if (!rehash(file, content, sizeBytes, onBytes)) return undefined;
    const digest = content.digest();
    const extents =
      previous?.digest === digest && previous.extents ? previous.extents : stored.find(digest);
    return extents && { digest, extents, whole: true };
  }

  async #storeParts(file: OpenFile): Promise<StoredParts> {
    const { sizeBytes } = file.entry;
    const { partBytes } = this.#options;
    const { content, extents } = this.#begin(file);
    const places = placesBehind([...extents], { sizeBytes, partBytes, of: this.#parts });
    await storeInTurn(
      places.map((place) => new Part(file, place)),
      (part) => this.#put(part, content, file.entry, extents),
    );
    return { digest: content.digest(), extents, whole: content.whole };
  }

  /** With what an interrupted run has stored, if the file still is what that run has read. */
  #begin(file: OpenFile): { content: ContentSum; extents: Extent[] } {
    const { begun } = this.#candidate;
    const { key, onBytes } = this.#options;
    if (begun?.extents && isBegun(begun) && sameState(begun, file.entry)) {
      const content = new ContentSum(key);
      const isRead = rehash(file, content, lengthOf(begun.extents), onBytes);
      if (isRead && begunDigest(content.check) === begun.digest)
        return { content, extents: [...begun.extents] };
    }
    return { content: new ContentSum(key), extents: [] };
  }

  async #put(part: Part, content: ContentSum, entry: Entry, extents: Extent[]): Promise<void> {
    const { writer, backup, onSegment, onBytes, signal, note } = this.#options;
    const segment = this.#segment++;
    onSegment(segment);
    extents.push({ backup, segment, offset: part.offset, length: part.length });
    const soFar = [...extents];
    const archive = part.pack(content, onBytes, signal);
    await writer.writeObject(segmentName(segment), archive, () =>
      part.sumSoFar === undefined
        ? ''
        : note({ ...entry, extents: soFar, digest: begunDigest(part.sumSoFar) }),
    );
  }
}

/** One part as an archive of its own. */
class Part {
  /** Where the content begins in the archive. */
  readonly offset: number;
  readonly length: number;
  /** Settles once all has been read. */
  readonly read: Promise<void>;
  /** Of the file up to the part's end, once it is read and if nothing is missing. */
  sumSoFar: number | undefined;
  readonly #file: OpenFile;
  readonly #position: number;
  readonly #header: Buffer;
  readonly #done = Promise.withResolvers<void>();

  constructor(file: OpenFile, place: PartPlace) {
    const { position, length } = place;
    const path = partPath(file.entry.path, place);
    this.#file = file;
    this.#position = position;
    this.#header = tarHeader({ ...headerOf(file.entry), path, sizeBytes: length });
    this.offset = this.#header.length;
    this.length = length;
    this.read = this.#done.promise;
  }

  /** What is missing is filled up, for the header already told the size. */
  async *pack(
    content: ContentSum,
    onBytes: (count: number) => void,
    signal: AbortSignal,
  ): AsyncGenerator<Buffer> {
    const blocks = new ArchiveBlocks();
    blocks.put(this.#header);
    for (let done = 0; done < this.length;) {
      const buffer = blocks.take(this.length - done);
      const count = readable(this.#file, buffer, this.#position + done);
      buffer.fill(0, count);
      content.update(buffer);
      content.whole &&= count === buffer.length;
      onBytes(count);
      done += buffer.length;
      yield* blocks.full();
      await setImmediate();
      signal.throwIfAborted();
    }
    if (content.whole) this.sumSoFar = content.check;
    blocks.put(Buffer.alloc(tarPadding(this.length)));
    blocks.put(tarEnd);
    yield* blocks.full();
    yield* blocks.rest();
    this.#done.resolve();
  }
}
