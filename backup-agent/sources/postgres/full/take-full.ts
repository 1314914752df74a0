import type { Problem } from '../../../errors/holdfast-error.ts';
import type { BackupRun, BackupWriter, PreparedBackup } from '../../source.ts';
import { readConfigurationTables, readSchemaNeeds, readTablePages } from '../catalog.ts';
import { tableCoverage } from '../changes/coverage.ts';
import { firstFollowState } from '../changes/first-state.ts';
import { followStateName, type FollowState } from '../changes/follow-state.ts';
import { formatLsn } from '../changes/lsn.ts';
import { readSequences } from '../changes/sequences.ts';
import { dropSlot } from '../changes/slot.ts';
import { readTables, type CatalogTable } from '../changes/table-catalog.ts';
import type { PostgresSession } from '../connection.ts';
import { readDatabaseProperties } from '../database-properties.ts';
import { dumpSchema } from '../dump-schema.ts';
import { inventoryName, type Inventory } from '../inventory.ts';
import { atOnce } from '../lanes.ts';
import { readServerFacts, whyNoFollowing, type ServerFacts } from '../server-facts.ts';
import { jobPublications, leavesOut, newSlotName, type SourceSetup } from '../source-setup.ts';
import { schemaObjectName } from '../changes/capture-step.ts';
import { copyTables } from './copy-tables.ts';
import { describeTables } from './describe-tables.ts';
import { backUpLargeObjects } from './large-objects.ts';
import { loadScript, loadScriptName } from './load-script.ts';
import { pageBytes, planCopies, type CopyPlan } from './plan-copies.ts';
import { holdPlainSnapshot, holdSlotSnapshot, type HeldSnapshot } from './snapshot.ts';

/**
 * Takes a full: everything in one snapshot, which is also where the slot for the incrementals
 * starts. While it runs the slot is a temporary one, so a killed run leaves nothing on the server; it
 * becomes lasting just before the full is handed over to be committed. `control` is a session outside
 * the snapshot; `reason` says why a full is taken although something else was asked for. Returns the
 * name of the slot, once committed.
 */
export async function* takeFull(
  setup: SourceSetup,
  run: BackupRun,
  control: PostgresSession,
  reason?: string,
): AsyncGenerator<PreparedBackup, string | undefined, undefined> {
  const facts = await readServerFacts(control.client);
  const names = jobPublications(setup.job);
  const obstacle = await whyNoFollowing(control.client, facts, names);
  const slot = obstacle === undefined ? newSlotName(setup.job, run.now()) : undefined;
  const full = await takeInSnapshot({ setup, run, facts, control, slot, obstacle });
  let committed = false;
  try {
    yield { ...full, ...(reason === undefined ? {} : { reason }) };
    committed = true;
  } finally {
    // A slot that no chain hangs on would keep log for nothing.
    if (slot !== undefined && !committed) {
      await dropSlot(control.client, slot).catch(() => undefined);
    }
  }
  return slot;
}

interface FullSteps {
  readonly setup: SourceSetup;
  readonly run: BackupRun;
  readonly facts: ServerFacts;
  /** A session outside the snapshot. */
  readonly control: PostgresSession;
  readonly slot: string | undefined;
  /** Why no incremental can follow, where none can. */
  readonly obstacle: string | undefined;
}

/** The snapshot, with the locks that reading in it has taken, ends before the caller commits. */
async function takeInSnapshot(steps: FullSteps): Promise<PreparedBackup> {
  const { setup, run, control, slot, obstacle } = steps;
  run.progress.step('take a snapshot');
  await using snapshot =
    slot === undefined
      ? await holdPlainSnapshot(setup, run.signal)
      : await holdSlotSnapshot(setup, `${slot}_t`, run.signal);
  const full = await new FullBackup(steps, snapshot).take(obstacle);
  if (slot !== undefined) await keepSlot(control, slot);
  return full;
}

async function keepSlot({ client }: PostgresSession, slot: string): Promise<void> {
  await client.query('SELECT pg_catalog.pg_copy_logical_replication_slot($1, $2, false)', [
    `${slot}_t`,
    slot,
  ]);
}

class FullBackup {
  readonly #setup: SourceSetup;
  readonly #run: BackupRun;
  readonly #facts: ServerFacts;
  readonly #snapshot: HeldSnapshot;
  readonly #slot: string | undefined;
  readonly #control: PostgresSession;

  constructor({ setup, run, facts, slot, control }: FullSteps, snapshot: HeldSnapshot) {
    this.#setup = setup;
    this.#run = run;
    this.#facts = facts;
    this.#snapshot = snapshot;
    this.#slot = slot;
    this.#control = control;
  }

  async take(obstacle: string | undefined): Promise<PreparedBackup> {
    const writer = await this.#run.begin('full');
    const { inventory, problems, state } = await this.#write(writer, obstacle);
    const meta = (name: string, text: string) => writer.writeMeta(name, [Buffer.from(text)]);
    if (state) await meta(followStateName, JSON.stringify(state));
    await meta(inventoryName, JSON.stringify(inventory));
    await meta(loadScriptName, loadScript(inventory));
    const { point, time } = this.#snapshot;
    const rows = inventory.tables.reduce((sum, table) => sum + table.rows, 0);
    return {
      writer,
      kind: 'full',
      point: {
        time: time.toISOString(),
        ...(point === undefined ? {} : { lsn: formatLsn(point) }),
      },
      problems,
      source: {
        serverVersion: this.#facts.version,
        majorVersion: this.#facts.majorVersion,
        tables: inventory.tables.length,
        leftOut: inventory.tables.filter((table) => table.leftOut !== undefined).length,
        following: obstacle === undefined,
        ...(obstacle === undefined ? {} : { whyNotFollowing: obstacle }),
        ...(this.#slot === undefined ? {} : { slot: this.#slot }),
      },
      items: rows,
    };
  }

  async #write(writer: BackupWriter, obstacle: string | undefined): Promise<WrittenFull> {
    const { client } = this.#snapshot.holder;
    const { tables, configuration, plan } = await this.#plan();
    const pages = plan.units.reduce((sum, unit) => sum + unit.pages, 0);
    this.#run.progress.step('copy tables', { amount: pages * pageBytes, unit: 'bytes' });
    const { dumpVersion, described, result } = await this.#read(writer, tables, plan.units);
    const large = await backUpLargeObjects(this.#snapshot.holder, writer);
    const { version, majorVersion, database, encoding, collate, ctype } = this.#facts;
    const inventory: Inventory = {
      format: 'holdfast-postgres-inventory/1',
      server: { version, majorVersion, database, encoding, collate, ctype },
      schema: schemaObjectName,
      dumpVersion,
      following: {
        ...(this.#slot === undefined ? {} : { slot: this.#slot }),
        ...(obstacle === undefined ? {} : { reason: obstacle }),
      },
      tables: describeTables({ plan, result, configuration, coverage: tableCoverage }),
      ...described.needs,
      // Not in the snapshot, which they do not know: there each would stay locked until its end.
      sequences: await readSequences(this.#control.client),
      largeObjects: large.entry,
      database: await readDatabaseProperties(client),
    };
    const problems = [...result.missing.values(), ...large.problems];
    const state = described.state && followState(described.state, inventory);
    return { inventory, problems, state };
  }

  /** All in one snapshot, so it does not matter which is read when. */
  async #read(writer: BackupWriter, tables: readonly CatalogTable[], units: CopyPlan['units']) {
    const { signal } = this.#run;
    const dump = (until: AbortSignal) => this.#writeSchema(writer, until);
    const describe = () => this.#describe(tables);
    const copy = (until: AbortSignal) =>
      copyTables(this.#setup, this.#snapshot.name, units, writer, { ...this.#run, signal: until });
    if (tables.length > readAtOnce) {
      const dumpVersion = await dump(signal);
      const result = await copy(signal);
      return { dumpVersion, result, described: await describe() };
    }
    const [dumpVersion, described, result] = await atOnce(signal, dump, describe, copy);
    return { dumpVersion, described, result };
  }

  async #plan(): Promise<PlannedFull> {
    const { client } = this.#snapshot.holder;
    const { majorVersion } = this.#facts;
    const { excludeTables, excludeData } = this.#setup;
    const tables = await readTables(client, this.#publications, majorVersion);
    const configuration = await readConfigurationTables(client);
    const pages = await readTablePages(client);
    const ranges = majorVersion >= 14;
    const plan = planCopies({
      tables,
      excludeTables,
      excludeData,
      configuration,
      pages,
      ranges,
    });
    return { tables, configuration, plan };
  }

  get #publications(): string[] {
    const names = jobPublications(this.#setup.job);
    return [names.all, names.keyed];
  }

  /** Returns the version of what dumped it. */
  async #writeSchema(writer: BackupWriter, signal: AbortSignal): Promise<number> {
    const { target, binaries, variables, excludeTables } = this.#setup;
    const { sql, version } = await dumpSchema({
      target,
      binaries,
      variables,
      excludeTables,
      serverMajorVersion: this.#facts.majorVersion,
      snapshot: this.#snapshot.name,
      signal,
    });
    await writer.writeObject(schemaObjectName, [Buffer.from(sql)]);
    return version;
  }

  /** What the schema needs, and what the first incremental goes on from, where one can follow. */
  async #describe(tables: readonly CatalogTable[]) {
    const { point, holder } = this.#snapshot;
    const needs = await readSchemaNeeds(holder.client);
    if (this.#slot === undefined || point === undefined) return { needs, state: undefined };
    const feed = {
      slot: this.#slot,
      publications: this.#publications,
      leavesOut: (table: CatalogTable) => leavesOut(this.#setup, table),
    };
    return { needs, state: await firstFollowState(holder.client, feed, point, tables) };
  }
}

/** The schema of more tables takes memory that copying them needs, and no time that counts. */
const readAtOnce = 1_000;

interface PlannedFull {
  readonly tables: readonly CatalogTable[];
  readonly configuration: ReadonlyMap<number, string>;
  readonly plan: CopyPlan;
}

interface WrittenFull {
  readonly inventory: Inventory;
  readonly problems: readonly Problem[];
  readonly state: FollowState | undefined;
}

/**
 * What the first incremental goes on from. A table that could not be copied is described as one it
 * does not know, so that it copies it whole.
 */
function followState(first: Omit<FollowState, 'sequences'>, inventory: Inventory): FollowState {
  const whole = new Set(
    inventory.tables
      .filter((table) => table.leftOut?.startsWith('not copied'))
      .map((table) => table.oid),
  );
  const tables = first.tables.filter((table) => !whole.has(table.oid));
  return { ...first, tables, schema: schemaObjectName, sequences: inventory.sequences };
}
