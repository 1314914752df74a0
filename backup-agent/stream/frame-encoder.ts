import { constants, createZstdCompress, type ZstdCompress } from 'node:zlib';
import { blockBytes } from './coalesce.ts';
import { takeBlock } from './release.ts';

/** Room for whatever a block may become: ZSTD_compressBound of zstd.h, and more. */
const frameRoomBytes = blockBytes + (blockBytes >> 8) + 64;

/** What node has room for at a time; a frame of text spans two of them now and then. */
const pieceBytes = blockBytes / 2;

/** Encoders that wait for their next frame, of each kind. One holds about one and a half MiB. */
const keptAtMost = 4;

/**
 * A context of zstd that makes a frame of every block it is given, one at a time. A context of its own
 * for each frame, as `zstdCompress` has it, costs up to a third of the processor's time: its memory is
 * asked of the system anew each time, page by page.
 */
class FrameEncoder {
  readonly #zstd: ZstdCompress;
  #room: Uint8Array<ArrayBuffer> = new Uint8Array();
  #used = 0;
  /** What node collects output in, and leaves for the next when it is full. */
  #piecesOf: ArrayBufferLike | undefined;

  constructor(params: Readonly<Record<number, number>>) {
    // Whatever is written at once ends a frame; zstd knows its size by that, and tells it in the header.
    const flush = constants.ZSTD_e_end;
    this.#zstd = createZstdCompress({ params, flush, chunkSize: pieceBytes });
    this.#zstd.on('data', (piece: Buffer<ArrayBuffer>) => this.#collect(piece));
    // Whoever waits for the frame is told by `write`.
    this.#zstd.on('error', () => undefined);
  }

  /** The frame, in memory of its own that `release` takes. */
  async encode(block: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    this.#room = takeBlock(frameRoomBytes);
    this.#used = 0;
    await new Promise<void>((resolve, reject) => {
      this.#zstd.write(block, (error) => (error ? reject(error) : resolve()));
    });
    // Whatever has not come as an event yet comes as one now.
    while (this.#zstd.read() !== null) continue;
    return this.#room.subarray(0, this.#used);
  }

  #collect(piece: Buffer<ArrayBuffer>): void {
    if (this.#piecesOf !== piece.buffer) {
      if (this.#piecesOf instanceof ArrayBuffer) this.#piecesOf.transfer(0);
      this.#piecesOf = piece.buffer;
    }
    this.#room.set(piece, this.#used);
    this.#used += piece.length;
  }
}

/** Makes frames of one kind, on as many encoders as are asked at once. */
export class FrameEncoders {
  readonly #params: Readonly<Record<number, number>>;
  readonly #idle: FrameEncoder[] = [];

  /** `params`: the parameters of zstd, by the numbers of `node:zlib`'s constants. */
  constructor(params: Readonly<Record<number, number>>) {
    this.#params = params;
  }

  /** A frame of at most `blockBytes`, in memory of its own that `release` takes. */
  async encode(block: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const encoder = this.#idle.pop() ?? new FrameEncoder(this.#params);
    // One that failed is not used again.
    const frame = await encoder.encode(block);
    if (this.#idle.length < keptAtMost) this.#idle.push(encoder);
    return frame;
  }
}
