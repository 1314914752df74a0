import { z } from 'zod';

/** A job, repository or group: safe as a path segment, an AWS name and a metric label. */
export const name = z
  .string()
  .regex(
    /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
    'must be lower-case words joined by single hyphens, such as crm-database',
  )
  .max(63, 'must have at most 63 characters');

/** Sorts by time: UTC to the second, then six random hexadecimal digits. */
export const backupId = z
  .string()
  .regex(/^\d{8}T\d{6}Z-[0-9a-f]{6}$/, 'must look like 20261122T210500Z-7f3a91');

/** Lower-case hexadecimal SHA-256. */
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex');

/** RFC 3339 in UTC with milliseconds, as `Date.prototype.toISOString` writes it. */
export const timestamp = z.iso.datetime({ precision: 3 });
