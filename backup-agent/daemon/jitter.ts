import { createHash } from 'node:crypto';
import type { Task } from './task.ts';

/**
 * How long after it was `due` a task starts, up to `mostMs`: hosts with one configuration do not all
 * start at once. The same for one process and instant, so that looking again does not draw again.
 */
export function jitterMs({ job, kind }: Task, due: Date, mostMs: number): number {
  if (mostMs === 0) return 0;
  const drawn = createHash('sha256').update(`${process.pid} ${job} ${kind} ${due.getTime()}`);
  return Math.floor((drawn.digest().readUInt32LE() / 2 ** 32) * mostMs);
}
