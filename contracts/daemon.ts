import { z } from 'zod';
import { secretReference } from './secret.ts';
import { duration } from './units.ts';

/** How the agent works when it is left alone. */
export const daemon = z.strictObject({
  /** Of different jobs; one job never runs twice at once. */
  jobsAtOnce: z.int().min(1).max(32).default(2),
  /** Every run starts up to this much later than scheduled, so that many agents spread out. */
  jitter: duration.prefault('0s'),
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
