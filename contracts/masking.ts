import { z } from 'zod';
import { secretReference } from './secret.ts';

/** What a pseudonym looks like. The same value under the same key gives the same pseudonym. */
export const pseudonymKinds = ['email', 'phone', 'name'] as const;

const simpleRule = z.union(
  [
    /** Stays as it is; says that somebody has looked at the column. */
    z.literal('keep'),
    /** A keyed hash in the column's own form: hexadecimal digits, a UUID, or a whole number. */
    z.literal('hash'),
    z.literal('redact'),
    /** Free text: what looks like an e-mail address, phone, id or card number is replaced in it. */
    z.literal('scrub'),
    z.literal('null'),
    z.null(),
    z.strictObject({ pseudonym: z.enum(pseudonymKinds) }),
    /** The text to put in the place of every value. */
    z.strictObject({ redact: z.string() }),
    /** Dates and times move by up to this many days either way, each value always by as much. */
    z.strictObject({ shiftDays: z.int().min(1).max(3_650) }),
    /** Numbers change by up to this share either way, each value always by as much. */
    z.strictObject({ noisePercent: z.number().positive().max(90) }),
  ],
  {
    error:
      'must be keep, hash, redact, scrub, null, { pseudonym: email | phone | name }, { redact: text }, { shiftDays: n }, { noisePercent: n } or { json: … }',
  },
);
export type SimpleMaskRule = z.infer<typeof simpleRule>;

const jsonRule = z.strictObject({
  json: z.strictObject({
    /** By key, at any depth: what stands under it, all of it, is masked so. */
    fields: z.record(z.string(), simpleRule).default({}),
    /** Every other text in the document. */
    others: z.enum(['keep', 'scrub', 'redact']).default('scrub'),
  }),
});

const columnRule = z.union([simpleRule, jsonRule]);
export type MaskRule = z.infer<typeof columnRule>;

export const maskingProfile = z.strictObject({
  /** Whoever has it can test guesses against pseudonyms, so it is kept like a password. */
  key: secretReference,
  /** `schema.table`, with `*` and `?` as wildcards: the rule of each column. */
  tables: z.record(z.string().min(1), z.record(z.string().min(1), columnRule)),
  /** What becomes of large objects, which no rule can look into. */
  largeObjects: z.enum(['empty', 'keep']).default('empty'),
});
export type MaskingProfile = z.infer<typeof maskingProfile>;
