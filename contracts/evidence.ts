import { z } from 'zod';
import { consistentPoint } from './manifest.ts';
import { backupId, name, sha256, timestamp } from './names.ts';

const durationMs = z.number().nonnegative();

/** `unproven` is what could not be compared: never counted as passed. */
export const outcomes = ['passed', 'failed', 'unproven'] as const;
export type Outcome = (typeof outcomes)[number];

const assertion = z.strictObject({
  name: z.string().min(1),
  outcome: z.enum(outcomes),
  durationMs,
  /** What was compared and found, in numbers; without names of tables, paths or people. */
  summary: z.string(),
  compared: z.int().nonnegative(),
  failed: z.int().nonnegative(),
  unproven: z.int().nonnegative(),
});
export type Assertion = z.infer<typeof assertion>;

const objective = z.strictObject({
  name: z.enum(['rpo', 'rto']),
  targetMs: durationMs.optional(),
  measuredMs: durationMs,
  met: z.boolean(),
});
export type ObjectiveResult = z.infer<typeof objective>;

/** The record of one drill, inside its signed envelope. Holds no customer data. */
export const evidence = z.strictObject({
  format: z.literal('holdfast-evidence/1'),
  /** The repository that the drill restored from. */
  repositoryId: z.uuid(),
  repository: name,
  job: name,
  id: backupId,
  by: z.string(),
  tool: z.strictObject({ name: z.literal('holdfast'), version: z.string() }),
  startedAt: timestamp,
  finishedAt: timestamp,
  backup: z.strictObject({
    id: backupId,
    manifestDigest: sha256,
    chain: z.array(backupId).min(1),
    point: consistentPoint,
  }),
  /** The moment that was asked for, when it was not the backup's own; `backup.point` was reached. */
  wanted: timestamp.optional(),
  /** The backup of the attachments that the rows were checked against. */
  attachmentsBackup: backupId.optional(),
  /** PostgreSQL's, of the server that was backed up. */
  sourceVersion: z.string().optional(),
  sandbox: z.strictObject({ type: z.enum(['local', 'dsn']), serverVersion: z.string() }),
  /** The masking profile under which the sandbox was filled. */
  mask: name.optional(),
  /** The erasure ledger: requests in it, and those replayed here because the backup is older. */
  erasures: z
    .strictObject({ requests: z.int().positive(), applied: z.int().nonnegative() })
    .optional(),
  /** Repositories whose part of the ledger could not be read: whom only they name may be there. */
  unreadLedgers: z.array(name).min(1).optional(),
  /** What the job promised at the time: durations in milliseconds, numbers of backups. */
  policy: z
    .strictObject({
      repositories: z.array(name).min(1),
      objectives: z.record(z.string(), z.number()),
      retention: z.record(z.string(), z.number()),
    })
    .optional(),
  /** How many tables restore how exactly: to any commit, to the end of an incremental, not at all. */
  coverage: z
    .strictObject({
      commit: z.int().nonnegative(),
      boundary: z.int().nonnegative(),
      none: z.int().nonnegative(),
    })
    .optional(),
  /** What the assertions name, beside this record: encrypted, SHA-256 of the ciphertext. */
  findings: z.strictObject({ sizeBytes: z.int().nonnegative(), sha256 }).optional(),
  phases: z.array(z.strictObject({ name: z.string(), durationMs })),
  assertions: z.array(assertion).min(1),
  objectives: z.array(objective),
  totals: z.strictObject({
    tables: z.int().nonnegative(),
    rows: z.int().nonnegative(),
    files: z.int().nonnegative(),
    fileBytes: z.int().nonnegative(),
  }),
  outcome: z.enum(['passed', 'failed']),
});
export type Evidence = z.infer<typeof evidence>;
