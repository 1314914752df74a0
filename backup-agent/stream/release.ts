/**
 * Gives a buffer's memory back now, not at some later garbage collection: the next buffer of its
 * size then reuses memory that is still in the processor's cache. It makes encryption about 1.7
 * times as fast, and keeps tens of megabytes of garbage from piling up.
 *
 * Only for a buffer that its caller alone holds and that is not a slice of node's shared pool.
 */
export function release(buffer: Uint8Array<ArrayBuffer>): void {
  buffer.buffer.transfer(0);
}
