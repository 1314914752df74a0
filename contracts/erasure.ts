import { z } from 'zod';
import { backupId, name, timestamp } from './names.ts';

/** What is erased, and how one sees that it is gone. */
const step = z.union([
  /** Rows whose column has the subject's key. */
  z.strictObject({
    column: z.strictObject({
      schema: z.string().min(1),
      table: z.string().min(1),
      name: z.string().min(1),
    }),
  }),
  /** SQL with `$1` for the subject's key; the proof's one value must be 0, false or null, or it has no row. */
  z.strictObject({ statement: z.string().min(1), proof: z.string().min(1) }),
]);
export type ErasureStep = z.infer<typeof step>;

/** One request to erase a person, inside its signed envelope. Holds personal data: stored encrypted. */
export const erasure = z.strictObject({
  format: z.literal('holdfast-erasure/1'),
  job: name,
  id: backupId,
  /** When the person was gone from the source: backups of an earlier moment still hold them. */
  erasedAt: timestamp,
  recordedAt: timestamp,
  by: z.string(),
  /** What stands for `$1` and in the columns: an e-mail address, a customer number. */
  subject: z.string().min(1),
  reason: z.string().optional(),
  steps: z.array(step).min(1),
});
export type Erasure = z.infer<typeof erasure>;
