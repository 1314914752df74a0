import { release } from './release.ts';

const donated = new WeakSet<Uint8Array>();

/** Of the buffers that node shares out in slices, to its own results too when they are small. */
const poolBytes = Buffer.allocUnsafe(1).buffer.byteLength;

/**
 * Marks a chunk as the receiver's own: whoever made it, and whatever hands it on, will not look at it
 * again once it is taken in, so the receiver may keep it without a copy, or `release` its memory.
 * Only for a chunk whose memory nobody else has a part of; a slice of node's shared pool stays what it
 * is. A receiver that does not know of this loses nothing.
 */
export function donate<Chunk extends Uint8Array<ArrayBuffer>>(chunk: Chunk): Chunk {
  if (chunk.buffer.byteLength !== poolBytes) donated.add(chunk);
  return chunk;
}

/** Whether the chunk was given away to whoever asks; only the first who asks gets it. */
export function takeDonated(chunk: Uint8Array): chunk is Uint8Array<ArrayBuffer> {
  return donated.delete(chunk);
}

/** Hands chunks on and gives back the memory of those given away, once the next one is asked for. */
export async function* releasing(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of source) {
    yield chunk;
    if (takeDonated(chunk)) release(chunk);
  }
}
