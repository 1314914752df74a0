import { z } from 'zod';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import type { BucketOptions } from './bucket.ts';

const settings = z.strictObject({
  region: z.string().min(1).optional(),
  endpoint: z.url().optional(),
  pathStyle: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
  profile: z.string().min(1).optional(),
});

export function isBucketUrl(text: string): boolean {
  return /^s3:\/\//i.test(text);
}

/**
 * Reads `s3://bucket/prefix?region=…&endpoint=…&pathStyle=true&profile=…`; what follows the `?` may
 * be missing, and then `defaults` apply. The prefix is taken as it stands: one that shall be a
 * folder ends in `/`. Throws `usage-invalid`.
 */
export function parseBucketUrl(
  text: string,
  defaults: Omit<BucketOptions, 'bucket' | 'prefix'> = {},
): BucketOptions {
  const invalid = (cause?: unknown) =>
    new HoldfastError('usage-invalid', `${text} does not name a bucket`, {
      hint: 'write it as s3://bucket/prefix/?region=eu-west-1 (also: endpoint, pathStyle, profile)',
      cause,
    });
  const parts = /^s3:\/\/(?<bucket>[^/?#]{3,63})(?:\/(?<prefix>[^?]*))?(?:\?(?<query>.*))?$/is.exec(
    text,
  )?.groups;
  if (!parts?.['bucket']) throw invalid();
  const query = settings.safeParse(
    Object.fromEntries(new URLSearchParams(parts['query'] ?? '').entries()),
  );
  if (!query.success) throw invalid(query.error);
  return { ...defaults, ...query.data, bucket: parts['bucket'], prefix: parts['prefix'] ?? '' };
}
