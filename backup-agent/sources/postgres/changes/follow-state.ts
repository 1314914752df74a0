import { z } from 'zod';
import { HoldfastError } from '../../../errors/holdfast-error.ts';
import { databaseProperties } from '../database-properties.ts';
import { schemaNeeds } from '../schema-needs.ts';

/** The meta object that every PostgreSQL backup carries so that the next one can hang on it. */
export const followStateName = 'follow-state.json';

const lsn = z.string().regex(/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/);
const oid = z.int().min(1).max(0xffff_ffff);
const microseconds = z.string().regex(/^-?\d{1,19}$/);

/**
 * How far back to the second a table can be restored: to any commit; only to a backup's point,
 * because its changes cannot be followed and it is copied whole each time; or not at all.
 */
export const coverageLevels = ['commit', 'boundary', 'none'] as const;

const coverage = z.strictObject({
  level: z.enum(coverageLevels),
  /** Why it is less than `commit`. */
  reason: z.string().optional(),
});
export type Coverage = z.infer<typeof coverage>;

const tableState = z.strictObject({
  oid,
  schema: z.string(),
  name: z.string(),
  coverage,
  /** Changes whenever rows may have changed without the log saying so. */
  fingerprint: z.string(),
  /** Numbers survive a rename. Without generated columns. */
  columns: z.array(z.strictObject({ number: z.int().positive(), name: z.string() })),
});
export type TableState = z.infer<typeof tableState>;

const tableCopy = z.strictObject({
  oid,
  schema: z.string(),
  name: z.string(),
  object: z.string(),
  /** The columns of the copy, in its order. */
  columns: z.array(z.string()),
  rows: z.int().nonnegative(),
  /** Of the rows, whatever their order: see `RowDigest`. */
  digest: z.string(),
  /** `WHERE …`, when only these rows are the user's: a table of an extension. */
  condition: z.string().optional(),
  reason: z.string(),
});
export type TableCopy = z.infer<typeof tableCopy>;

/** The same as in a full's inventory. */
const largeObjectsState = z.strictObject({
  count: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  object: z.string().optional(),
  digest: z.string().optional(),
  unreadable: z.int().nonnegative(),
});
export type LargeObjectsState = z.infer<typeof largeObjectsState>;

const sequenceState = z.strictObject({
  schema: z.string(),
  name: z.string(),
  lastValue: z.string().regex(/^-?\d{1,19}$/),
  isCalled: z.boolean(),
});
export type SequenceState = z.infer<typeof sequenceState>;

/** A commit, in documents: bigints as text. */
const commitMoment = z.strictObject({ lsn, timeUs: microseconds });
export type CommitMoment = z.infer<typeof commitMoment>;

const storedChanges = z.strictObject({
  object: z.string(),
  /** Transactions whose commit record starts in `[from, to)`. */
  from: lsn,
  to: lsn,
  transactions: z.int().nonnegative(),
  changes: z.int().nonnegative(),
  first: commitMoment.optional(),
  last: commitMoment.optional(),
  /** The latest commit time: times are not quite in the order of positions. */
  latestUs: microseconds.optional(),
  markers: z.array(z.strictObject({ name: z.string(), lsn, timeUs: microseconds })),
});
export type StoredChangesEntry = z.infer<typeof storedChanges>;

export const followState = z.strictObject({
  format: z.literal('holdfast-postgres-changes/1'),
  server: z.strictObject({
    systemIdentifier: z.string(),
    timeline: z.int().positive(),
    majorVersion: z.int().positive(),
    database: z.string(),
  }),
  slot: z.string(),
  publications: z.array(z.strictObject({ name: z.string(), stamp: z.string() })),
  /** Enum labels and composite types: their change changes how rows read without touching them. */
  types: z.record(z.string(), z.string()),
  /** Everything before this position is in the chain. */
  point: lsn,
  tables: z.array(tableState),
  /** Absent in a full. */
  changes: storedChanges.optional(),
  /** The object with the schema as of the point, where it is not the one of the backup before. */
  schema: z.string().optional(),
  /** Of the database itself, read with that schema. */
  database: databaseProperties.optional(),
  /** What that schema names and does not hold. */
  needs: schemaNeeds.optional(),
  /** Changes whenever the schema may have. */
  catalogStamp: z.string(),
  /** Tables that this incremental holds whole, because their changes could not be followed. */
  copies: z.array(tableCopy),
  /** Then every backup reads them all again. */
  hasLargeObjects: z.boolean(),
  /** Where they were read again, in this backup. */
  largeObjects: largeObjectsState.optional(),
  /** Read after the point, so never behind the rows. */
  sequences: z.array(sequenceState),
});
export type FollowState = z.infer<typeof followState>;

/** Throws `document-malformed` with the paths that are wrong. */
export function parseFollowState(text: string): FollowState {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new HoldfastError('document-malformed', `${followStateName} is no JSON`, {
      cause: error,
    });
  }
  const result = followState.safeParse(document);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => ({
    where: issue.path.join('.'),
    what: issue.message,
  }));
  throw new HoldfastError('document-malformed', `${followStateName} has not its shape`, {
    problems,
  });
}
