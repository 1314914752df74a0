const donated = new WeakSet<Uint8Array>();

/**
 * Marks a chunk as the receiver's own: whoever made it, and whatever hands it on, will not look at it
 * again once it is taken in, so the receiver may keep it without a copy, or `release` its memory.
 * Only for a chunk that is all of its buffer. A receiver that does not know of this loses nothing.
 */
export function donate<Chunk extends Uint8Array<ArrayBuffer>>(chunk: Chunk): Chunk {
  donated.add(chunk);
  return chunk;
}

/** Whether the chunk was given away to whoever asks; only the first who asks gets it. */
export function takeDonated(chunk: Uint8Array): chunk is Uint8Array<ArrayBuffer> {
  return donated.delete(chunk);
}
