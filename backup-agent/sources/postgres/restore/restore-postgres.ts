import { HoldfastError, type Problem } from '../../../errors/holdfast-error.ts';
import type { BackupReader, SourceContext } from '../../source.ts';
import type { FollowState } from '../changes/follow-state.ts';
import { formatLsn, parseLsn } from '../changes/lsn.ts';
import { readFollowState } from '../changes/read-follow-state.ts';
import { removeReplayProgress } from '../changes/replay-progress.ts';
import { replayChanges, type ReplayResult } from '../changes/replay.ts';
import type { InexactTable } from '../changes/replay-tables.ts';
import type { ReplayTarget } from '../changes/replay-target.ts';
import { planRestore, type RestorePlan } from '../changes/restore-plan.ts';
import { quoteQualified } from '../changes/quote.ts';
import { connect, type PostgresSession } from '../connection.ts';
import type { ConnectionTarget } from '../connection-target.ts';
import { readInventory, type Inventory } from '../inventory.ts';
import { serverFailure } from '../server-error.ts';
import { SchemaApplier } from './apply-schema.ts';
import { requireEmpty, requireSuitable } from './check-target.ts';
import { restoreLargeObjects } from './large-objects.ts';
import { loadTables, type LoadUnit } from './load-tables.ts';
import {
  isRemark,
  isScheduler,
  neutralise,
  type ActiveKind,
  type Neutralised,
} from './neutralise.ts';
import type { RoleMapping } from './role-names.ts';
import { schemaPhases, type SchemaPhases } from './schema-phases.ts';
import { parseSchemaScript, type SchemaEntry } from './schema-script.ts';
import { restoreSequences } from './sequences.ts';

export interface RestoreOptions extends SourceContext {
  /** A full and what hangs on it, in order. */
  readonly chain: readonly BackupReader[];
  /** An empty database. */
  readonly target: ConnectionTarget;
  /** Up to where; the end by default. */
  readonly moment?: ReplayTarget;
  /** Parallel sessions; 2 by default. */
  readonly lanes?: number;
  /** Leave everything to the restoring role. */
  readonly noOwner?: boolean;
  /** Leave grants out. */
  readonly noPrivileges?: boolean;
  readonly roleMapping?: RoleMapping;
  /** What to do about roles that the target lacks; `require` (the default) refuses. */
  readonly roles?: 'require' | 'create';
  /** Extensions to do without, where the target lacks them. */
  readonly skipExtensions?: readonly string[];
  /** What may act by itself in the restored database; nothing by default. */
  readonly activate?: readonly ActiveKind[];
}

export interface RestoredTable {
  readonly schema: string;
  readonly name: string;
}

export interface RestoreResult {
  readonly inventory: Inventory;
  /** The exact moment that the database now shows. */
  readonly point: { readonly time: string; readonly lsn?: string };
  readonly tables: readonly RestoredTable[];
  readonly bytes: number;
  readonly neutralised: readonly Neutralised[];
  /** What is missing or was left out, and why. */
  readonly problems: readonly Problem[];
  /** Tables that are not what they were at that moment, and why. */
  readonly inexact: readonly InexactTable[];
  readonly skippedExtensions: readonly string[];
  /** Absent when nothing had to be replayed. */
  readonly replay?: ReplayResult;
}

/**
 * Restores a chain into an empty database. Nothing is written before the target is known to be empty
 * and to have what the backup needs. Throws `target-not-empty`, `target-unsuitable`,
 * `moment-not-covered`, or `restore-failed` with the object that failed.
 */
export async function restorePostgres(options: RestoreOptions): Promise<RestoreResult> {
  try {
    return await new Restore(options).run();
  } catch (error) {
    throw serverFailure(error, `restore into ${options.target.database}`, options.signal);
  }
}

class Restore {
  readonly #options: RestoreOptions;
  readonly #neutralised: Neutralised[] = [];
  readonly #problems: Problem[] = [];

  constructor(options: RestoreOptions) {
    this.#options = options;
  }

  async run(): Promise<RestoreResult> {
    const { signal, target, progress } = this.#options;
    const full = this.#backup(0);
    const inventory = await readInventory(full, signal);
    const states = await readStates(this.#options.chain, inventory, signal);
    const plan = states && this.#plan(states);
    await using stack = new AsyncDisposableStack();
    const session = stack.use(await connect(target, { signal }));
    await requireEmpty(session.client);
    const skippedExtensions = await requireSuitable(session.client, inventory, this.#wishes());
    const lanes = [session];
    for (let lane = 1; lane < (this.#options.lanes ?? 2); lane += 1)
      lanes.push(stack.use(await connect(target, { signal })));
    await Promise.all(lanes.map(prepareSession));

    const phases = await this.#readSchema(plan, inventory, skippedExtensions);
    const applier = this.#applier(skippedExtensions);
    progress.step('create the schema');
    await applier.run(session, phases.before);
    progress.step('load tables');
    const units = this.#units(inventory, plan, states);
    const loadable = await this.#existing(session, units);
    await emptyExtensionTables(session, loadable);
    await loadTables(lanes, loadable, this.#options);
    const owners = this.#options.noOwner ? undefined : (this.#options.roleMapping ?? {});
    const large = plan?.largeObjects ?? { link: 0, entry: inventory.largeObjects };
    const from = this.#backup(large.link);
    await restoreLargeObjects(session, from, large.entry.object, owners, this.#options);
    progress.step('build primary keys');
    await applier.runParallel(lanes, phases.keys);
    const replay = plan && states && (await this.#replay(session, plan, states));
    progress.step('build indexes');
    await applier.runParallel(lanes, phases.indexes);
    progress.step('add constraints, triggers and rights');
    await applier.run(session, phases.after);
    await restoreSequences(session, plan?.sequences ?? inventory.sequences);
    await applier.run(session, phases.refreshes);
    await removeReplayProgress(session.client);
    progress.step('analyze');
    await session.client.query('ANALYZE');
    const inexact = [...(plan?.inexact ?? []), ...(replay?.inexact ?? [])];
    return {
      inventory,
      point: this.#reached(plan, replay),
      tables: inventory.tables.map(({ schema, name }) => ({ schema, name })),
      bytes: units.reduce((sum, unit) => sum + unit.bytes, 0),
      neutralised: this.#neutralised,
      problems: [...leftOutOf(inventory), ...this.#problems, ...applier.problems],
      inexact,
      skippedExtensions,
      ...(replay ? { replay } : {}),
    };
  }

  #backup(at: number): BackupReader {
    const backup = this.#options.chain[at];
    if (backup) return backup;
    throw new HoldfastError('chain-broken', `the chain has no backup ${at + 1}`);
  }

  #plan(states: readonly FollowState[]): RestorePlan {
    const links = this.#options.chain.map((backup, at) => {
      const state = states[at];
      if (!state) throw new HoldfastError('chain-broken', `backup ${backup.id} has no state`);
      return { state, time: new Date(backup.point.time) };
    });
    return planRestore(links, this.#options.moment ?? { kind: 'end' });
  }

  #wishes() {
    const { skipExtensions = [], roles = 'require', roleMapping = {} } = this.#options;
    const { noOwner = false, noPrivileges = false } = this.#options;
    return { skipExtensions, roles, roleMapping, namesRoles: !(noOwner && noPrivileges) };
  }

  #applier(skippedExtensions: readonly string[]): SchemaApplier {
    const { noOwner = false, noPrivileges = false, roleMapping = {} } = this.#options;
    const tolerant = skippedExtensions.length > 0;
    return new SchemaApplier({ noOwner, noPrivileges, roleMapping, tolerant }, this.#options);
  }

  async #readSchema(
    plan: RestorePlan | undefined,
    inventory: Inventory,
    skippedExtensions: readonly string[],
  ): Promise<SchemaPhases> {
    const { signal, activate = [] } = this.#options;
    const parts: Uint8Array[] = [];
    const backup = this.#backup(plan?.schema ?? 0);
    for await (const part of await backup.readObject(inventory.schema, signal)) parts.push(part);
    const entries = parseSchemaScript(Buffer.concat(parts).toString('utf8'));
    const active = new Set(activate);
    const wanted = entries.filter((entry) => {
      const neutralised = neutralise(entry, active);
      if (neutralised && !isRemark(entry)) this.#neutralised.push(neutralised);
      return !neutralised && !isSkippedExtension(entry, skippedExtensions);
    });
    return schemaPhases(wanted);
  }

  #units(
    inventory: Inventory,
    plan: RestorePlan | undefined,
    states: readonly FollowState[] | undefined,
  ): LoadUnit[] {
    const units: LoadUnit[] = [];
    const active = new Set(this.#options.activate ?? []);
    for (const table of inventory.tables) {
      if (plan?.skipFullData.has(table.oid)) continue;
      if (table.extension && isScheduler(table.extension.name) && !active.has('scheduled jobs')) {
        const how = `its ${table.rows} rows were left out`;
        this.#neutralised.push({ kind: 'scheduled jobs', name: table.name, how });
        continue;
      }
      const { schema, name, columns } = table;
      const bytes = table.bytes / Math.max(1, table.objects.length);
      const rows = table.extension && { extensionRows: table.extension.condition };
      for (const object of table.objects)
        units.push({ from: this.#backup(0), object, schema, name, columns, bytes, ...rows });
    }
    for (const { link, copy } of plan?.copies ?? []) {
      const { schema, name, columns, object, condition } = copy;
      const rows = condition !== undefined && { extensionRows: condition };
      const from = this.#backup(link);
      units.push({ from, object, schema, name, columns, bytes: copy.rows, ...rows });
    }
    return states || plan === undefined ? units : [];
  }

  /** Tables that the schema did not make, for want of an extension, are reported. */
  async #existing(session: PostgresSession, units: readonly LoadUnit[]): Promise<LoadUnit[]> {
    const names = [...new Set(units.map(({ schema, name }) => quoteQualified(schema, name)))];
    const { rows } = await session.client.query(
      'SELECT name FROM unnest($1::text[]) AS name WHERE pg_catalog.to_regclass(name) IS NULL',
      [names],
    );
    const absent = new Set(rows.map((row: { name: string }) => row.name));
    for (const where of absent)
      this.#problems.push({ where, what: 'not loaded: the target has no such table' });
    return units.filter(({ schema, name }) => !absent.has(quoteQualified(schema, name)));
  }

  async #replay(
    session: PostgresSession,
    plan: RestorePlan,
    states: readonly FollowState[],
  ): Promise<ReplayResult | undefined> {
    if (plan.changes.length === 0) return undefined;
    const { signal, progress } = this.#options;
    progress.step('replay changes');
    const changes = plan.changes.flatMap((link) => {
      const stored = states[link]?.changes;
      if (!stored) return [];
      const backup = this.#backup(link);
      return [
        {
          from: parseLsn(stored.from),
          to: parseLsn(stored.to),
          read: (signal: AbortSignal) => backup.readObject(stored.object, signal),
        },
      ];
    });
    const { client } = session;
    const result = await replayChanges({
      client,
      tables: plan.tables,
      changes,
      target: plan.target,
      signal,
      progress,
    });
    await client.query('RESET enable_hashjoin; RESET enable_mergejoin');
    return result;
  }

  /** Where the stored changes end, or the last commit before a target inside them. */
  #reached(
    plan: RestorePlan | undefined,
    replay: ReplayResult | undefined,
  ): { time: string; lsn?: string } {
    const last = this.#options.chain.at(-1)?.point ?? this.#backup(0).point;
    const boundary = this.#backup(plan?.boundary ?? 0).point;
    const moment = this.#options.moment ?? { kind: 'end' };
    const whole = moment.kind === 'end' ? last : boundary;
    const at = whole.lsn === undefined ? {} : { lsn: whole.lsn };
    if (moment.kind === 'end' || !replay?.reached) return { time: whole.time, ...at };
    const { commitTimeUs, endLsn } = replay.reached;
    return {
      time: new Date(Number(commitTimeUs / 1000n)).toISOString(),
      lsn: formatLsn(endLsn),
    };
  }
}

/** Undefined for a full that no incremental can follow. */
async function readStates(
  chain: readonly BackupReader[],
  inventory: Inventory,
  signal: AbortSignal,
): Promise<FollowState[] | undefined> {
  if (inventory.following.slot === undefined) return undefined;
  return await Promise.all(chain.map((backup) => readFollowState(backup, signal)));
}

/** A restore may be repeated from the start, so it need not wait for the disk at every commit. */
async function prepareSession({ client }: PostgresSession): Promise<void> {
  await client.query(`SET check_function_bodies = off`);
  await client.query(`SET synchronous_commit = off`);
  await client.query(`SET client_min_messages = warning`);
}

function isSkippedExtension(entry: SchemaEntry, skipped: readonly string[]): boolean {
  if (entry.type === 'EXTENSION') return skipped.includes(entry.name);
  const commented = /^EXTENSION "?(.*?)"?$/.exec(entry.name)?.[1];
  return entry.type === 'COMMENT' && commented !== undefined && skipped.includes(commented);
}

/** Making an extension fills some of its tables; what was backed up takes the place of that. */
async function emptyExtensionTables(
  { client }: PostgresSession,
  units: readonly LoadUnit[],
): Promise<void> {
  for (const { schema, name, extensionRows } of units)
    if (extensionRows !== undefined)
      await client.query(`DELETE FROM ONLY ${quoteQualified(schema, name)} ${extensionRows}`);
}

function leftOutOf(inventory: Inventory): Problem[] {
  return inventory.tables.flatMap(({ schema, name, leftOut }) =>
    leftOut === undefined ? [] : [{ where: quoteQualified(schema, name), what: leftOut }],
  );
}
