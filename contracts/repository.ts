import { z } from 'zod';
import { size } from './units.ts';

/** How much of a network, or of a store's patience, the agent may take for itself. */
const limits = z.strictObject({
  /** Per second, over all uploads to this repository. */
  uploadRate: size.refine((bytes) => bytes > 0, 'must be more than nothing').optional(),
  /** Per second, over all downloads from it. */
  downloadRate: size.refine((bytes) => bytes > 0, 'must be more than nothing').optional(),
  /** Requests under way at once. */
  requests: z.int().min(1).max(256).optional(),
});

const everyRepository = {
  limits: limits.default({}),
  /** On hosts that only read: whatever would write is refused before it reaches the storage. */
  readOnly: z.boolean().default(false),
};

const localRepository = z.strictObject({
  ...everyRepository,
  type: z.literal('local'),
  /** Relative to the configuration file. */
  path: z.string().min(1),
});

const s3Repository = z.strictObject({
  ...everyRepository,
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
  /** A role taken with a token from a file, as Kubernetes and CI systems give them. */
  webIdentity: z
    .strictObject({ roleArn: z.string().min(1), tokenFile: z.string().min(1) })
    .optional(),
  kmsKeyId: z.string().optional(),
  storageClass: z.string().optional(),
  objectLock: z.enum(['governance', 'compliance']).optional(),
  /** What the store verifies uploads by; MD5 for stores that know no other. */
  checksumAlgorithm: z.enum(['CRC32', 'CRC32C', 'SHA1', 'SHA256', 'MD5']).optional(),
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
