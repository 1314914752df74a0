import { z } from 'zod';
import type { Entry, Removal } from './entry.ts';
import { entryOfFields } from './index-line.ts';

/** Names that are UTF-8 stand as text, others as base64 of their bytes. */
const bytes = z.union([z.string(), z.strictObject({ b: z.base64() })]);
const count = z.int().nonnegative();
const nanoseconds = z.string().regex(/^-?\d{1,20}$/);

const name = z.string().max(64);

/**
 * Segment, offset, length, and the backup that holds the segment when it is another one. With a digest
 * of its own, which comes last, the backup is empty when it is this one.
 */
export const extentFields = z.union([
  z.tuple([count, count, count]),
  z.tuple([count, count, count, name]),
  z.tuple([count, count, count, name, name]),
]);
export type ExtentFields = z.infer<typeof extentFields>;

const line = z.strictObject({
  p: bytes,
  t: z.enum(['f', 'd', 'l', 'x']),
  m: count.max(0o7777).optional(),
  u: count.optional(),
  g: count.optional(),
  s: count.optional(),
  mt: nanoseconds.optional(),
  ct: nanoseconds.optional(),
  i: nanoseconds.optional(),
  d: z.string().max(64).optional(),
  e: z.array(extentFields).optional(),
  h: bytes.optional(),
  l: bytes.optional(),
  a: z.array(z.tuple([bytes, z.base64()])).optional(),
  sp: z.literal(1).optional(),
  k: z.enum(['changed', 'stale']).optional(),
});

/** What a line is made of. */
export type LineFields = z.infer<typeof line>;

/** The first line of an index. */
export const indexHeader = z.strictObject({
  format: z.literal('holdfast-files-index/1'),
  /** Key of the content digests, base64; one for a whole chain. */
  key: z.base64(),
  /** `whole`: every entry. `changes`: what differs from the parent's index, removals included. */
  index: z.enum(['whole', 'changes']),
});
export type IndexHeader = z.infer<typeof indexHeader>;

/** Reads a line of the index of backup `own`. Throws when it is not one, whatever it is. */
export function decodeEntry(text: string, own: string): Entry | Removal {
  return entryOfFields(line.parse(JSON.parse(text)), own);
}
