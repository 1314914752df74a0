import { HoldfastError } from '../../../errors/holdfast-error.ts';
import type { BackupReader } from '../../source.ts';
import type { FollowState, SequenceState } from '../changes/follow-state.ts';
import { readFollowState } from '../changes/read-follow-state.ts';
import type { ReplayTarget } from '../changes/replay-target.ts';
import { planRestore, type RestorePlan } from '../changes/restore-plan.ts';
import type { DatabaseProperties } from '../database-properties.ts';
import { readInventory, type Inventory } from '../inventory.ts';
import type { LoadUnit } from './load-tables.ts';
import { isRemark, isScheduler, neutralise, type Neutralised } from './neutralise.ts';
import { readName } from './references.ts';
import { RestoreMask } from './restore-mask.ts';
import type { RestoreOptions } from './restore-options.ts';
import { parseSchemaScript, type SchemaEntry } from './schema-script.ts';
import { chosenTables, selectTables, type TableSelection } from './select-tables.ts';
import { sqlTokens } from './sql-tokens.ts';

/** What a chain holds for a moment: everything that is decided before the target is looked at. */
export interface RestoreContent {
  /** The full's; what its schema needs is that of the schema that is restored. */
  readonly inventory: Inventory;
  /** Absent for a full that no incremental can follow. */
  readonly plan: RestorePlan | undefined;
  readonly states: readonly FollowState[];
  /** Without what would act by itself; with `--table` only what the tables need. */
  readonly entries: readonly SchemaEntry[];
  readonly selection: TableSelection | undefined;
  readonly units: readonly LoadUnit[];
  readonly sequences: readonly SequenceState[];
  /** Of the database itself; absent in backups that do not say. */
  readonly database: DatabaseProperties | undefined;
  readonly neutralised: readonly Neutralised[];
  /** What the target must have. */
  readonly needs: Pick<Inventory, 'server' | 'extensions' | 'roles'>;
  readonly mask: RestoreMask | undefined;
}

/** Throws `moment-not-covered`, `chain-broken`, `mask-invalid`, or what is wrong with the documents. */
export async function readContent(options: RestoreOptions): Promise<RestoreContent> {
  const { chain, signal, tables = [], moment = { kind: 'end' } } = options;
  const full = await readInventory(linkOf(chain, 0), signal);
  const states = await readStates(chain, full, signal);
  const plan = states.length > 0 ? planOf(chain, states, moment) : undefined;
  if (plan === undefined) requireWithin(linkOf(chain, 0), moment);
  const inventory = { ...full, ...states[plan?.schema ?? 0]?.needs };
  const neutralised: Neutralised[] = [];
  const schema = await readSchema(linkOf(chain, plan?.schema ?? 0), inventory, options);
  const wanted = schema.filter((entry) => isWanted(entry, options, neutralised));
  const selection =
    tables.length > 0 ? selectTables(wanted, tables, inventory.extensions) : undefined;
  const entries = selection?.entries ?? wanted;
  return {
    inventory,
    plan,
    states,
    entries,
    selection,
    units: chosenTables(selection, unitsOf(inventory, plan, options, neutralised)),
    sequences: plan?.sequences ?? inventory.sequences,
    database: states[plan?.schema ?? 0]?.database ?? inventory.database,
    neutralised: selection ? [] : neutralised,
    needs: selection ? needsOf(selection, inventory) : inventory,
    mask: options.mask && new RestoreMask(options.mask.profile, options.mask.key, schema),
  };
}

export function linkOf(chain: readonly BackupReader[], at: number): BackupReader {
  const backup = chain[at];
  if (backup) return backup;
  throw new HoldfastError('chain-broken', `the chain has no backup ${at + 1}`);
}

/** Empty for a full that no incremental can follow. */
async function readStates(
  chain: readonly BackupReader[],
  inventory: Inventory,
  signal: AbortSignal,
): Promise<FollowState[]> {
  if (inventory.following.slot === undefined) return [];
  return await Promise.all(chain.map((backup) => readFollowState(backup, signal)));
}

function planOf(
  chain: readonly BackupReader[],
  states: readonly FollowState[],
  moment: ReplayTarget,
): RestorePlan {
  const links = chain.map((backup, at) => {
    const state = states[at];
    if (!state) throw new HoldfastError('chain-broken', `backup ${backup.id} has no state`);
    return { state, time: new Date(backup.point.time) };
  });
  return planRestore(links, moment);
}

/** A full alone shows one moment, and may stand in for a later one at most. */
function requireWithin({ id, point }: BackupReader, moment: ReplayTarget): void {
  if (moment.kind === 'end') return;
  const timeUs = BigInt(Date.parse(point.time)) * 1000n;
  if (moment.kind === 'time' && moment.timeUs >= timeUs) return;
  throw new HoldfastError(
    'moment-not-covered',
    `backup ${id} was taken without a slot: it shows ${point.time} and no other moment`,
  );
}

async function readSchema(
  from: BackupReader,
  { schema }: Inventory,
  { signal }: RestoreOptions,
): Promise<SchemaEntry[]> {
  const parts: Uint8Array[] = [];
  for await (const part of await from.readObject(schema, signal)) parts.push(part);
  return parseSchemaScript(Buffer.concat(parts).toString('utf8'));
}

function isWanted(
  entry: SchemaEntry,
  { activate = [] }: RestoreOptions,
  into: Neutralised[],
): boolean {
  const neutralised = neutralise(entry, new Set(activate));
  if (neutralised && !isRemark(entry)) into.push(neutralised);
  return neutralised === undefined;
}

function unitsOf(
  inventory: Inventory,
  plan: RestorePlan | undefined,
  { chain, activate = [] }: RestoreOptions,
  neutralised: Neutralised[],
): LoadUnit[] {
  const units: LoadUnit[] = [];
  for (const table of inventory.tables) {
    if (plan?.skipFullData.has(table.oid)) continue;
    if (
      table.extension &&
      isScheduler(table.extension.name) &&
      !activate.includes('scheduled jobs')
    ) {
      const how = `its ${table.rows} rows were left out`;
      neutralised.push({ kind: 'scheduled jobs', name: table.name, how });
      continue;
    }
    const { schema, name, columns, digest } = table;
    const parts = partsOf(table);
    const bytes = table.bytes / Math.max(1, parts.length);
    const rows = table.extension && { extensionRows: table.extension.condition };
    const common = { from: linkOf(chain, 0), schema, name, columns, bytes, digest, ...rows };
    for (const objects of parts) units.push({ ...common, objects });
  }
  for (const { link, copy } of plan?.copies ?? []) {
    const { schema, name, columns, object, condition, digest } = copy;
    const rows = condition !== undefined && { extensionRows: condition };
    const from = linkOf(chain, link);
    const objects = [object];
    units.push({ from, objects, schema, name, columns, bytes: copy.rows, digest, ...rows });
  }
  return units;
}

/** Longer than that, nobody wants to begin again after a crash. */
const togetherBytes = 8 * 1024 ** 3;

/**
 * The objects of a table in the groups that are loaded together. All of them at best: then its rows stand
 * in the order in which they were, which its keys mostly are in, too, and the server can write them as
 * for good. Two sessions that fill one table at once shuffle it, and sorting it for the keys takes
 * longer than they save. A table that would take very long is loaded by its parts, on all lanes.
 */
function partsOf({ objects, bytes }: Inventory['tables'][number]): (readonly string[])[] {
  if (objects.length === 0) return [];
  return bytes <= togetherBytes ? [objects] : objects.map((object) => [object]);
}

function needsOf(selection: TableSelection, inventory: Inventory): RestoreContent['needs'] {
  const named = new Set<string>();
  for (const { sql, ownerSql = '', type } of selection.entries)
    for (const { text } of sqlTokens(type === 'ACL' || type === 'POLICY' ? sql : ownerSql)) {
      const name = readName(text);
      if (name !== undefined) named.add(name);
    }
  return {
    server: inventory.server,
    extensions: inventory.extensions.filter(({ name }) => selection.extensions.has(name)),
    roles: inventory.roles.filter(({ name }) => named.has(name)),
  };
}
