import { z } from 'zod';
import type { Problem } from '../../../errors/holdfast-error.ts';
import type { BackupWriter, Progress, SourceContext } from '../../source.ts';
import { isDatabaseError } from '../changes/database-error.ts';
import { quoteQualified } from '../changes/quote.ts';
import { connect } from '../connection.ts';
import { copyOut } from '../copy-out.ts';
import { runLanes } from '../lanes.ts';
import { digesting, RowDigest, type RowSet } from '../row-digest.ts';
import type { SourceSetup } from '../source-setup.ts';
import { YieldWatch } from '../yielding.ts';
import { Lane } from './lane.ts';
import { pageBytes, type CopyUnit } from './plan-copies.ts';

export interface CopiedUnit extends RowSet {
  readonly unit: CopyUnit;
  readonly bytes: number;
}

export interface CopyResult {
  readonly copied: readonly CopiedUnit[];
  /** Tables that are missing, because DDL came in between; by OID. */
  readonly missing: ReadonlyMap<number, Problem>;
}

/** How often a table is begun again after giving way, before it is left to the next incremental. */
const attempts = 3;

/**
 * Copies units on parallel sessions, all in one snapshot. Each table's lock is held only while it is
 * copied, and given up when somebody waits for it; then the table is begun again. A table that cannot
 * be locked, was rewritten after the snapshot (its rows would silently be missing) or may not be read
 * becomes a problem; the others are copied all the same.
 */
export async function copyTables(
  setup: SourceSetup,
  snapshot: string,
  units: readonly CopyUnit[],
  writer: BackupWriter,
  context: SourceContext,
): Promise<CopyResult> {
  const copied: CopiedUnit[] = [];
  const missing = new Map<number, Problem>();
  await using stack = new AsyncDisposableStack();
  const lanes: Lane[] = [];
  for (let lane = 0; lane < Math.min(setup.lanes, units.length); lane += 1)
    lanes.push(stack.use(await Lane.open(setup, snapshot, context.signal)));
  const watcher = stack.use(await connect(setup.target, { signal: context.signal }));
  const watch = stack.use(new YieldWatch(watcher.client, lanes));
  await runLanes(units, lanes, context.signal, async (lane, unit) => {
    if (missing.has(unit.table.oid)) return;
    const result = await new UnitCopy(lane, watch, writer, context).take(unit);
    if ('what' in result) missing.set(unit.table.oid, result);
    else copied.push(result);
  });
  return { copied: copied.filter(({ unit }) => !missing.has(unit.table.oid)), missing };
}

class UnitCopy {
  readonly #lane: Lane;
  readonly #watch: YieldWatch;
  readonly #writer: BackupWriter;
  readonly #context: SourceContext;

  constructor(lane: Lane, watch: YieldWatch, writer: BackupWriter, context: SourceContext) {
    this.#lane = lane;
    this.#watch = watch;
    this.#writer = writer;
    this.#context = context;
  }

  async take(unit: CopyUnit): Promise<CopiedUnit | Problem> {
    const where = quoteQualified(unit.table.schema, unit.table.name);
    using progress = new UnitProgress(unit, this.#context.progress);
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      try {
        return await this.#attempt(attempt === 1 ? unit : renamed(unit, attempt), where, progress);
      } catch (error) {
        if (this.#context.signal.aborted) throw error;
        if (this.#watch.hasYielded(this.#lane.pid)) {
          await this.#lane.reopen();
          continue;
        }
        if (!isDatabaseError(error)) throw error;
        return { where, what: `not copied: ${error.message}` };
      }
    }
    return { where, what: `not copied: others waited for its lock ${attempts} times` };
  }

  async #attempt(
    unit: CopyUnit,
    where: string,
    progress: UnitProgress,
  ): Promise<CopiedUnit | Problem> {
    const { client } = this.#lane;
    const { table, condition } = unit;
    try {
      if (!(await lockUnchanged(this.#lane, where, table.oid))) {
        return { where, what: 'not copied: it was rewritten or truncated after the snapshot' };
      }
      const digest = new RowDigest();
      const columns = table.columns.map((column) => column.name);
      const rows = copyOut(client, { ...table, columns, ...(condition && { condition }) });
      const counted = counting(digesting(rows, digest), progress);
      const { plaintextBytes: bytes } = await this.#writer.writeObject(unit.object, counted);
      return { unit, bytes, ...digest.result() };
    } finally {
      await this.#giveBack();
    }
  }

  /** Gives the lock back at once: it was taken inside the savepoint. */
  async #giveBack(): Promise<void> {
    const { client } = this.#lane;
    const statement = 'ROLLBACK TO SAVEPOINT holdfast_copy; RELEASE SAVEPOINT holdfast_copy';
    // A cancellation that comes late hits this statement; a broken connection fails the next one.
    await client.query(statement).catch(() => client.query(statement).catch(() => undefined));
  }
}

/** What was begun under the first name may be half stored. */
function renamed(unit: CopyUnit, attempt: number): CopyUnit {
  return { ...unit, object: unit.object.replace(/\.copy$/, `-again-${attempt}.copy`) };
}

/**
 * Locks a table inside a savepoint, and tells whether the snapshot's file node is today's: a rewritten
 * table shows no rows to older snapshots. In one query, for thousands of tables are as many round trips.
 */
async function lockUnchanged({ client }: Lane, where: string, oid: number): Promise<boolean> {
  const results: unknown = await client.query(
    `SAVEPOINT holdfast_copy; LOCK TABLE ONLY ${where} IN ACCESS SHARE MODE;
     SELECT c.relfilenode = pg_catalog.pg_relation_filenode(c.oid) AS same
     FROM pg_catalog.pg_class c WHERE c.oid = ${oid}`,
  );
  const [, , { rows }] = lockResults.parse(results);
  return rows[0]?.same === true;
}

/** The driver answers several statements with as many results. */
const lockResults = z.tuple([
  z.unknown(),
  z.unknown(),
  z.object({ rows: z.array(z.object({ same: z.boolean().nullable() })) }),
]);

async function* counting(
  source: AsyncIterable<Uint8Array>,
  progress: UnitProgress,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of source) {
    progress.copied(chunk.length);
    yield chunk;
  }
}

/**
 * Progress in the bytes that a unit takes on the server, for how many it makes as text nobody knows
 * before: text counts until there are as many, and the end for what is left.
 */
class UnitProgress implements Disposable {
  readonly #progress: Progress;
  readonly #at: string;
  #left: number;

  constructor({ pages, table }: CopyUnit, progress: Progress) {
    this.#progress = progress;
    this.#left = pages * pageBytes;
    this.#at = `${table.schema}.${table.name}`;
  }

  copied(textBytes: number): void {
    const bytes = Math.min(textBytes, this.#left);
    this.#left -= bytes;
    this.#progress.advance(bytes, { at: this.#at });
  }

  [Symbol.dispose](): void {
    this.copied(this.#left);
  }
}
