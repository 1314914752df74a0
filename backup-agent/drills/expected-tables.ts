import { ChangeStreamReader } from '../sources/postgres/changes/change-stream.ts';
import type { FollowState } from '../sources/postgres/changes/follow-state.ts';
import { decodeMessage, messageTypes } from '../sources/postgres/changes/pgoutput.ts';
import { readFollowState } from '../sources/postgres/changes/read-follow-state.ts';
import { readInventory } from '../sources/postgres/inventory.ts';
import type { BackupReader } from '../sources/source.ts';

/** What a restored table must hold. */
export interface ExpectedTable {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
  /** `WHERE …`: of an extension's table only these rows are the user's. */
  readonly condition?: string;
  readonly rows: number;
  /** Absent when rows changed since they were digested: then their number alone is compared. */
  readonly digest?: string;
}

/** Row data is not needed to count: type, relation and the list of truncated tables are enough. */
const keepBytes = 64 * 1024;

/**
 * Works out, from what was counted and digested when the backups were taken and from the changes in
 * between, what each table holds at the end of the chain. Independent of the replay: it decodes the
 * stream for itself and applies nothing. Tables whose data were left out are not expected.
 */
export async function expectedTables(
  chain: readonly BackupReader[],
  signal: AbortSignal,
): Promise<ExpectedTable[]> {
  const [full, ...incrementals] = chain;
  if (!full) return [];
  const { tables } = await readInventory(full, signal);
  const expected = new Map<number, ExpectedTable>();
  for (const { oid, schema, name, columns, rows, digest, leftOut, extension } of tables) {
    if (leftOut !== undefined) continue;
    expected.set(oid, {
      schema,
      name,
      columns,
      rows,
      ...(digest === undefined ? {} : { digest }),
      ...(extension ? { condition: extension.condition } : {}),
    });
  }
  for (const link of incrementals) await advance(expected, link, signal);
  return [...expected.values()];
}

async function advance(
  expected: Map<number, ExpectedTable>,
  link: BackupReader,
  signal: AbortSignal,
): Promise<void> {
  const state = await readFollowState(link, signal);
  if (state.changes) {
    const stream = await link.readObject(state.changes.object, signal);
    for (const [oid, count] of await countChanges(stream)) applyCount(expected, oid, count);
  }
  for (const { oid, schema, name, columns, rows } of state.copies)
    expected.set(oid, { schema, name, columns, rows });
  followDefinitions(expected, state);
}

/** Tables are dropped, renamed and altered between two backups. */
function followDefinitions(expected: Map<number, ExpectedTable>, state: FollowState): void {
  const present = new Map(state.tables.map((table) => [table.oid, table]));
  for (const [oid, table] of expected) {
    const now = present.get(oid);
    if (!now) expected.delete(oid);
    else
      expected.set(oid, {
        ...table,
        schema: now.schema,
        name: now.name,
        columns: now.columns.map(({ name }) => name),
      });
  }
}

function applyCount(expected: Map<number, ExpectedTable>, oid: number, count: ChangeCount): void {
  const table = expected.get(oid);
  if (!table) return;
  const { digest: _, ...undigested } = table;
  expected.set(oid, {
    ...undigested,
    rows: (count.truncated ? 0 : table.rows) + count.inserted - count.deleted,
  });
}

interface ChangeCount {
  /** Then `inserted` and `deleted` count from there. */
  truncated: boolean;
  inserted: number;
  deleted: number;
}

async function countChanges(stream: AsyncIterable<Uint8Array>): Promise<Map<number, ChangeCount>> {
  const reader = new ChangeStreamReader({ keepBytes });
  const counts = new Map<number, ChangeCount>();
  const countOf = (oid: number): ChangeCount => {
    const count = counts.get(oid) ?? { truncated: false, inserted: 0, deleted: 0 };
    counts.set(oid, count);
    return count;
  };
  for await (const chunk of stream)
    for (const message of reader.push(chunk)) countMessage(message, countOf);
  reader.end();
  return counts;
}

function countMessage(message: Buffer, countOf: (oid: number) => ChangeCount): void {
  switch (message[0]) {
    case messageTypes.insert:
      countOf(message.readUInt32BE(1)).inserted += 1;
      break;
    case messageTypes.delete:
      countOf(message.readUInt32BE(1)).deleted += 1;
      break;
    case messageTypes.update:
      countOf(message.readUInt32BE(1));
      break;
    case messageTypes.truncate: {
      const decoded = decodeMessage(message);
      if (decoded.type !== 'truncate') break;
      for (const oid of decoded.relations)
        Object.assign(countOf(oid), { truncated: true, inserted: 0, deleted: 0 });
      break;
    }
    case undefined:
    default: // begin, commit, relation and the like change no row
  }
}
