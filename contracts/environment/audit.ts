import { z } from 'zod';

/** Costs in the account's currency: `aws-cn` bills in renminbi, all others in dollars unless told otherwise. */
const costs = z.strictObject({
  currency: z.enum(['USD', 'CNY']).default('USD'),
  /** What a month may cost; mails come at 80 and 100 per cent, and when it will not be enough. */
  month: z.int().min(1),
  /** A surprise of this size is worth a mail. */
  anomaly: z.int().min(1),
});

/** When instances are patched, if somebody runs any. */
const patching = z.strictObject({
  /** In the form of Systems Manager: `cron(minutes hours day month weekday year)`. */
  schedule: z
    .string()
    .regex(/^(cron|rate)\(.+\)$/, 'must be cron(…) or rate(…)')
    .default('cron(0 2 ? * SUN *)'),
  timeZone: z.string().min(1).default('Etc/UTC'),
  /** How many days a patch must have been out: long enough for its makers to call it back. */
  approveAfterDays: z.int().min(0).max(30).default(3),
});

/** How long what a SIEM has not fetched yet, or has refused, waits for it. */
const days = z.int().min(1).max(365).default(14);

/** Where the trail and all findings go besides, if an organization watches them in a system of its own. */
const siem = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('bucket'),
    /** The SIEM's role, which reads a bucket made for it. */
    readerArn: z
      .string()
      .regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/, 'must be the ARN of a role'),
    days,
  }),
  z.strictObject({
    type: z.literal('https'),
    url: z.url({ protocol: /^https$/ }),
    /** The Secrets Manager secret with the endpoint's key, as `{"api_key": "…"}`. */
    secretArn: z.string().regex(/^arn:aws[a-z-]*:secretsmanager:/, 'must be the ARN of a secret'),
    days,
  }),
]);
export type Siem = z.infer<typeof siem>;

/** How what happened is recorded and answered. */
export const audit = z.strictObject({
  /** Under `compliance` nobody deletes a record before its time, root and AWS Support included. */
  lock: z.enum(['compliance', 'governance']).default('compliance'),
  costs,
  patching: patching.prefault({}),
  siem: siem.optional(),
});
