import { z } from 'zod';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import type { BackupReader } from '../source.ts';
import { coverageLevels } from './changes/follow-state.ts';
import { databaseProperties } from './database-properties.ts';
import { rowDigestPattern } from './row-digest.ts';
import { schemaNeeds } from './schema-needs.ts';

/** The meta object of a full that says what is in it. */
export const inventoryName = 'inventory.json';

const digest = z.string().regex(rowDigestPattern);
const count = z.int().nonnegative();

const table = z.strictObject({
  oid: z.int().positive(),
  schema: z.string(),
  name: z.string(),
  /** Of the COPY text, in order; without generated columns. */
  columns: z.array(z.string()),
  /** Objects with the rows as COPY text, in their order; none where the data are left out. */
  objects: z.array(z.string()),
  rows: count,
  /** Order does not matter to it: see `RowDigest`. Absent where the data are left out. */
  digest: digest.optional(),
  bytes: count,
  /** Why the data are left out: asked for, or impossible. */
  leftOut: z.string().optional(),
  coverage: z.strictObject({ level: z.enum(coverageLevels), reason: z.string().optional() }),
  /** The extension that it belongs to, and which of its rows are the user's (`WHERE …`, or all). */
  extension: z.strictObject({ name: z.string(), condition: z.string() }).optional(),
});
export type InventoryTable = z.infer<typeof table>;

export const inventory = z.strictObject({
  format: z.literal('holdfast-postgres-inventory/1'),
  server: z.strictObject({
    version: z.string(),
    majorVersion: z.int().positive(),
    database: z.string(),
    encoding: z.string(),
    collate: z.string(),
    ctype: z.string(),
  }),
  /** The object with the schema as SQL. */
  schema: z.string(),
  /** The version of the program that wrote it. */
  dumpVersion: z.int().positive(),
  /** Whether incrementals can follow, and why not. */
  following: z.strictObject({ slot: z.string().optional(), reason: z.string().optional() }),
  tables: z.array(table),
  ...schemaNeeds.shape,
  sequences: z.array(
    z.strictObject({
      schema: z.string(),
      name: z.string(),
      lastValue: z.string().regex(/^-?\d{1,19}$/),
      isCalled: z.boolean(),
    }),
  ),
  largeObjects: z.strictObject({
    count,
    bytes: count,
    object: z.string().optional(),
    digest: digest.optional(),
    /** Those that the role may not read. */
    unreadable: count,
  }),
  /** Of the database itself. Absent in older backups, which hold its settings alone. */
  database: databaseProperties.optional(),
  settings: databaseProperties.shape.settings.optional(),
});
export type Inventory = z.infer<typeof inventory>;

/** Reads a full's inventory; throws `document-malformed` with the paths that are wrong. */
export async function readInventory(full: BackupReader, signal: AbortSignal): Promise<Inventory> {
  const parts: Uint8Array[] = [];
  for await (const part of await full.readMeta(inventoryName, signal)) parts.push(part);
  const parsed = inventory.safeParse(parseJson(Buffer.concat(parts).toString('utf8')));
  if (parsed.success) return parsed.data;
  throw new HoldfastError(
    'document-malformed',
    `backup ${full.id}: ${inventoryName} has not its shape`,
    {
      problems: parsed.error.issues.map((issue) => ({
        where: issue.path.join('.'),
        what: issue.message,
      })),
    },
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The schema then names the whole document as wrong.
    return undefined;
  }
}
