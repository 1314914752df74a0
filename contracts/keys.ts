import { z } from 'zod';
import { signerRoles } from './commit.ts';

export const recipient = z
  .string()
  .regex(/^age1[0-9a-z]+$/, 'must be an age recipient (age1… or age1pq1…)');

export const trustedKey = z.strictObject({
  role: z.enum(signerRoles),
  /** Ed25519 public key: SubjectPublicKeyInfo, DER, base64 (one line). */
  publicKey: z.base64(),
  validFrom: z.iso.datetime(),
  validUntil: z.iso.datetime().optional(),
});
