import { z } from 'zod';

/** One finding that is accepted, by whom, why and until when. */
export const suppression = z.strictObject({
  /** The rule's id. */
  rule: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be a rule id such as rds-multi-az'),
  /** The resource's exact address, such as data/aws_db_instance.crm; no patterns. */
  address: z
    .string()
    .min(1)
    .refine((text) => !/\*(?!\])/.test(text), {
      message: 'must be one exact address, without wildcards',
    }),
  /** Only in these environments; absent means all of them. */
  environments: z.array(z.string().min(1)).min(1).optional(),
  /** Why the risk is acceptable and what covers it. */
  reason: z.string().trim().min(20, 'must explain the decision in at least 20 characters'),
  owner: z.string().trim().min(1, 'must name who answers for it'),
  ticket: z.string().trim().min(1, 'must name the ticket of the decision'),
  /** The last day (UTC) on which it holds. */
  expires: z.iso.date(),
});
export type Suppression = z.infer<typeof suppression>;

/** `policies/suppressions.yaml`. Entries are parsed one by one, so that a bad one spoils no other. */
export const suppressionsFile = z.strictObject({
  version: z.literal(1),
  suppressions: z.array(z.unknown()).default([]),
});
