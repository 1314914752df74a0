import { ChangeStreamReader } from '../sources/postgres/changes/change-stream.ts';
import type { FollowState } from '../sources/postgres/changes/follow-state.ts';
import { decodeMessage, messageTypes } from '../sources/postgres/changes/pgoutput.ts';
import { liesBeyond, type ReplayTarget } from '../sources/postgres/changes/replay-target.ts';
import type { Inventory } from '../sources/postgres/inventory.ts';
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

/** A backup of the chain with what it says of tables and changes. */
export interface ExpectedLink {
  readonly backup: BackupReader;
  readonly state: FollowState;
}

export interface ExpectedChain {
  /** Of the full that the chain starts with. */
  readonly inventory: Inventory;
  /** The incrementals that lie before the moment as a whole. */
  readonly before: readonly ExpectedLink[];
  /** Those of whose changes some may lie before the moment. */
  readonly around: readonly ExpectedLink[];
  readonly moment: ReplayTarget;
}

/** Row data is not needed to count: type, relation and the list of truncated tables are enough. */
const keepBytes = 64 * 1024;

/**
 * Works out, from what was counted and digested when the backups were taken and from the changes in
 * between, what each table holds at the moment. Independent of the replay: it decodes the stream for
 * itself and applies nothing. Tables whose data were left out are not expected.
 */
export async function expectedTables(
  { inventory, before, around, moment }: ExpectedChain,
  signal: AbortSignal,
): Promise<ExpectedTable[]> {
  const expected = new Map<number, ExpectedTable>();
  for (const { oid, schema, name, columns, rows, digest, leftOut, extension } of inventory.tables) {
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
  for (const link of before) {
    await applyChanges(expected, link, { kind: 'end' }, signal);
    for (const { oid, reason: _, object: __, ...copied } of copiesOf(link.state))
      expected.set(oid, copied);
    followDefinitions(expected, link.state);
  }
  for (const link of around) await applyChanges(expected, link, moment, signal);
  return [...expected.values()];
}

function copiesOf({ copies }: FollowState) {
  return copies.map(({ condition, ...copy }) => ({
    ...copy,
    ...(condition === undefined ? {} : { condition }),
  }));
}

async function applyChanges(
  expected: Map<number, ExpectedTable>,
  { backup, state }: ExpectedLink,
  moment: ReplayTarget,
  signal: AbortSignal,
): Promise<void> {
  if (!state.changes) return;
  const stream = await backup.readObject(state.changes.object, signal);
  for (const [oid, count] of await countChanges(stream, moment)) applyCount(expected, oid, count);
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

/** Changes of the transactions up to the moment; the rest of the stream is read all the same. */
async function countChanges(
  stream: AsyncIterable<Uint8Array>,
  moment: ReplayTarget,
): Promise<Map<number, ChangeCount>> {
  const reader = new ChangeStreamReader({ keepBytes });
  const counts = new Map<number, ChangeCount>();
  const countOf = (oid: number): ChangeCount => {
    const count = counts.get(oid) ?? { truncated: false, inserted: 0, deleted: 0 };
    counts.set(oid, count);
    return count;
  };
  let beyond = false;
  for await (const chunk of stream)
    for (const message of reader.push(chunk)) {
      beyond ||= begins(message, moment);
      if (!beyond) countMessage(message, countOf);
    }
  reader.end();
  return counts;
}

/** Whether the message begins the first transaction beyond the moment. */
function begins(message: Buffer, moment: ReplayTarget): boolean {
  if (moment.kind === 'end' || message[0] !== messageTypes.begin) return false;
  const begin = decodeMessage(message);
  return begin.type === 'begin' && liesBeyond(moment, begin);
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
