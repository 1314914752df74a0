import { z } from 'zod';

/** How what happened is recorded and answered. */
export const audit = z.strictObject({
  /** Under `compliance` nobody deletes a record before its time, root and AWS Support included. */
  lock: z.enum(['compliance', 'governance']).default('compliance'),
});
