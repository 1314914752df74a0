import { z } from 'zod';
import { secretReference } from './secret.ts';
import { duration } from './units.ts';

/** What may be put off without losing a restorable point: incrementals and copies never are. */
export const heavyKinds = ['full', 'drill', 'verify', 'prune'] as const;

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as 08:30');

/** A window of the day, in the configuration's time zone; it may pass midnight. */
const quietHours = z
  .strictObject({
    from: timeOfDay,
    until: timeOfDay,
    /** Days on which it begins. */
    days: z
      .array(z.enum(weekdays))
      .min(1)
      .default([...weekdays]),
    kinds: z
      .array(z.enum(heavyKinds))
      .min(1)
      .default([...heavyKinds]),
  })
  .refine(({ from, until }) => from !== until, {
    message: 'must not be the whole day: nothing heavy would ever start',
    path: ['until'],
  });
export type QuietHours = z.infer<typeof quietHours>;

/** How the agent works when it is left alone. */
export const daemon = z.strictObject({
  /** Of different jobs; one job never runs twice at once. */
  jobsAtOnce: z.int().min(1).max(32).default(2),
  /** Every run starts up to this much later than scheduled, so that many agents spread out. */
  jitter: duration.prefault('0s'),
  /** Windows in which nothing heavy starts; what was due then starts after them. */
  quietHours: z.array(quietHours).default([]),
  /** After SIGTERM, what is at work may finish for so long. */
  gracePeriod: duration.prefault('25s'),
  /** Where `/metrics`, `/status`, `/healthz` and `/readyz` answer; nothing listens without it. */
  listen: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1'),
      /** 0 takes a free one. */
      port: z.int().min(0).max(65_535),
      /** Asked for `/metrics` and `/status`, as bearer or as the password of any user. */
      token: secretReference.optional(),
      /** PEM files, relative to the configuration file; read anew at SIGHUP. */
      tls: z
        .strictObject({ certificateFile: z.string().min(1), keyFile: z.string().min(1) })
        .optional(),
    })
    .optional(),
});
export type DaemonConfiguration = z.infer<typeof daemon>;

/** An IANA time zone, such as Asia/Shanghai. */
export const timeZone = z.string().refine(isTimeZone, 'must be an IANA time zone, such as UTC');

function isTimeZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
