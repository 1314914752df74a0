import { setFlagsFromString } from 'node:v8';

/**
 * Called once by a program that moves much data. V8 answers a few megabytes of new buffers with a
 * full collection, although its own heap hardly grows; those took a third of the processor's time.
 * This flag makes it weigh buffers together with the heap instead: measured by bench/stream.ts,
 * storing became 1.3 and encrypting 1.4 times as fast, at the same peak of memory. A V8 that does
 * not know the flag says so on stderr and goes on.
 */
export function tuneGarbageCollection(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit');
}

/** Fewer leave no garbage that counts. */
const many = 1_000;

/**
 * Called before work on so many tables. V8 lets its heap grow the further the slower its collections
 * seem, and on a busy machine they do: a restore of 10,000 tables that had 48 MiB of live objects took
 * 303 MiB. With this the heap is collected whenever it has grown by half, to the end of the process; the
 * restore took no more processor time. Nothing changes for 1,000 tables or fewer.
 */
export function tuneForMany(tables: number): void {
  if (tables > many) setFlagsFromString('--heap-growing-percent=50');
}
