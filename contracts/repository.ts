import { z } from 'zod';

const localRepository = z.strictObject({
  type: z.literal('local'),
  /** Relative to the configuration file. */
  path: z.string().min(1),
});

const s3Repository = z.strictObject({
  type: z.literal('s3'),
  bucket: z.string().min(3).max(63),
  /** Key prefix of the repository inside the bucket. */
  prefix: z.string().default(''),
  region: z.string().optional(),
  /** For stores other than AWS, such as https://minio.internal:9000. */
  endpoint: z.url().optional(),
  pathStyle: z.boolean().default(false),
  profile: z.string().optional(),
  assumeRole: z.strictObject({ arn: z.string(), externalId: z.string().optional() }).optional(),
  kmsKeyId: z.string().optional(),
  storageClass: z.string().optional(),
  objectLock: z.enum(['governance', 'compliance']).optional(),
});

export const repository = z.discriminatedUnion('type', [localRepository, s3Repository]);
export type RepositoryConfiguration = z.infer<typeof repository>;

/** `holdfast.json` at a repository's root. */
export const repositoryHeader = z.looseObject({
  format: z.literal('holdfast-repository'),
  version: z.int().positive(),
  repositoryId: z.uuid(),
  createdAt: z.string(),
});
export type RepositoryHeader = z.infer<typeof repositoryHeader>;
