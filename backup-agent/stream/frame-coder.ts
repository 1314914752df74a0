import type { ZstdCompress, ZstdDecompress } from 'node:zlib';

/** Coders that wait for their next frame, of each kind. One holds one to two and a half MiB. */
const keptAtMost = 6;

/** What node has room for at a time. Small enough that malloc uses its memory again. */
export const pieceBytes = 256 * 1024;

const nowhere = new Uint8Array();

/**
 * A context of zstd that makes, or opens, one frame after another. A context of its own for each
 * frame, as `zstdCompress` and `zstdDecompress` have it, costs up to a third of the processor's time:
 * its memory, and that of its result, is asked of the system anew each time, page by page.
 */
class FrameCoder {
  readonly #zstd: ZstdCompress | ZstdDecompress;
  #room: Uint8Array = nowhere;
  /** Of the room; more than there is where the result does not fit, or is not all of the input's. */
  #used = 0;
  /** What node collects output in, and leaves for the next when it is full. */
  #piecesOf: ArrayBufferLike | undefined;

  #settle: (error?: Error | null) => void = () => undefined;

  constructor(zstd: ZstdCompress | ZstdDecompress) {
    this.#zstd = zstd;
    zstd.on('data', (piece: Buffer<ArrayBuffer>) => this.#collect(piece));
    zstd.on('error', (error) => this.#settle(error));
    // It leaves what is behind the end of a frame, and answers no more.
    zstd.on('end', () => {
      this.#used = Infinity;
      this.#settle();
    });
  }

  /** What is written at once is one frame, or becomes one. Returns how much of `room` it takes. */
  async run(input: Uint8Array, room: Uint8Array<ArrayBuffer>): Promise<number> {
    this.#room = room;
    this.#used = 0;
    await new Promise<void>((resolve, reject) => {
      this.#settle = (error) => (error ? reject(error) : resolve());
      this.#zstd.write(input, this.#settle);
    });
    // Whatever has not come as an event yet comes as one now.
    while (this.#zstd.read() !== null) continue;
    // It is its owner's again.
    this.#room = nowhere;
    return this.#used;
  }

  #collect(piece: Buffer<ArrayBuffer>): void {
    if (this.#piecesOf !== piece.buffer) {
      if (this.#piecesOf instanceof ArrayBuffer) this.#piecesOf.transfer(0);
      this.#piecesOf = piece.buffer;
    }
    if (this.#used + piece.length <= this.#room.length) this.#room.set(piece, this.#used);
    this.#used += piece.length;
  }

  close(): void {
    this.#zstd.destroy();
  }
}

/** Coders of one kind, as many as are asked at once. */
export class FrameCoders {
  readonly #create: () => ZstdCompress | ZstdDecompress;
  readonly #idle: FrameCoder[] = [];

  constructor(create: () => ZstdCompress | ZstdDecompress) {
    this.#create = create;
  }

  /**
   * What `input` becomes, in `room`; undefined where that is too little, or the input is more than a
   * frame. Rejects with zstd's error.
   */
  async run(
    input: Uint8Array,
    room: Uint8Array<ArrayBuffer>,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const coder = this.#idle.pop() ?? new FrameCoder(this.#create());
    const used = await coder.run(input, room).catch((error: unknown) => {
      coder.close();
      throw error;
    });
    const fits = used <= room.length;
    // One that lost count is not used again.
    if (fits && this.#idle.length < keptAtMost) this.#idle.push(coder);
    else coder.close();
    return fits ? room.subarray(0, used) : undefined;
  }
}
