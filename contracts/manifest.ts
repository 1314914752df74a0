import { z } from 'zod';
import { backupId, name, sha256, timestamp } from './names.ts';

export const sourceKinds = ['postgres', 'files', 's3'] as const;
export type SourceKind = (typeof sourceKinds)[number];

export const backupKinds = ['full', 'incremental', 'differential'] as const;
export type BackupKind = (typeof backupKinds)[number];

/** The moment a backup restores to. The LSN (`16/B374D848`) is there for a PostgreSQL source. */
export const consistentPoint = z.strictObject({
  time: timestamp,
  lsn: z
    .string()
    .regex(/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/)
    .optional(),
});
export type ConsistentPoint = z.infer<typeof consistentPoint>;

/** A file name inside a backup: says nothing of tables, paths or people. */
export const objectName = z.string().regex(/^[a-z0-9][a-z0-9.-]{0,99}$/);

export const objectEntry = z.strictObject({
  name: objectName,
  sizeBytes: z.int().nonnegative(),
  /** Of the ciphertext. */
  sha256,
  /** The storage's version id, where it keeps versions. */
  version: z.string().optional(),
});
export type ObjectEntry = z.infer<typeof objectEntry>;

/** `manifest.json` of a backup, inside its signed envelope. Holds no customer data. */
export const manifest = z.strictObject({
  format: z.literal('holdfast-manifest/1'),
  repositoryId: z.uuid(),
  job: name,
  id: backupId,
  kind: z.enum(backupKinds),
  /** The backup this one hangs on; absent for a full. */
  parent: backupId.optional(),
  /** The full this chain starts with; a full names itself. */
  base: backupId,
  /** Why another kind than the requested one was taken. */
  reason: z.string().optional(),
  status: z.enum(['complete', 'partial']),
  problems: z.int().nonnegative(),
  startedAt: timestamp,
  finishedAt: timestamp,
  point: consistentPoint,
  source: z.looseObject({ kind: z.enum(sourceKinds) }),
  items: z.int().nonnegative(),
  plaintextBytes: z.int().nonnegative(),
  storedBytes: z.int().nonnegative(),
  objects: z.array(objectEntry),
  meta: z.array(objectEntry),
  /** Fingerprints of the recipients that open `objects/` and, in addition, `meta/`. */
  recipients: z.strictObject({ objects: z.array(sha256), meta: z.array(sha256) }),
  tool: z.strictObject({ name: z.literal('holdfast'), version: z.string() }),
});
export type Manifest = z.infer<typeof manifest>;
