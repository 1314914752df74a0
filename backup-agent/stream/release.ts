/** Blocks of one size that wait for their next use. A stream has five or six under way on two cores. */
const keptAtMost = 6;

/** Memory that was given back, by size; sizes that were ever asked for only. */
const kept = new Map<number, ArrayBuffer[]>();

/**
 * Memory for a block of a size that streams use again and again, holding anything: one that was
 * released if there is one, which is still in the processor's cache and needs nothing from the system.
 */
export function takeBlock(sizeBytes: number): Buffer<ArrayBuffer> {
  const blocks = kept.get(sizeBytes);
  if (blocks === undefined) kept.set(sizeBytes, []);
  const memory = blocks?.pop();
  return memory ? Buffer.from(memory) : Buffer.allocUnsafeSlow(sizeBytes);
}

/**
 * Gives a buffer's memory back now, not at some later garbage collection: to the next `takeBlock` of
 * its size, else to the system. Whoever still looks at the buffer finds it empty, never with somebody
 * else's bytes in it.
 *
 * Only for a buffer whose memory its caller alone holds, not a slice of node's shared pool.
 */
export function release({ buffer: memory }: Uint8Array<ArrayBuffer>): void {
  const blocks = kept.get(memory.byteLength);
  if (blocks !== undefined && blocks.length < keptAtMost) blocks.push(memory.transfer());
  else memory.transfer(0);
}
