import type {
  Coverage,
  FollowState,
  SequenceState,
} from '../sources/postgres/changes/follow-state.ts';
import { readFollowState } from '../sources/postgres/changes/read-follow-state.ts';
import type { ReplayTarget } from '../sources/postgres/changes/replay-target.ts';
import { planRestore, type RestorePlan } from '../sources/postgres/changes/restore-plan.ts';
import { readInventory, type Inventory } from '../sources/postgres/inventory.ts';
import { neutralise } from '../sources/postgres/restore/neutralise.ts';
import { parseSchemaScript, type SchemaEntry } from '../sources/postgres/restore/schema-script.ts';
import type { BackupReader } from '../sources/source.ts';
import { expectedTables, type ExpectedTable } from './expected-tables.ts';

/** What a database restored to one moment must hold, as the backups themselves say. */
export interface ExpectedContent {
  readonly inventory: Inventory;
  readonly tables: readonly ExpectedTable[];
  /** OIDs of the full's tables whose rows come from a later copy, or are gone. */
  readonly notFromFull: ReadonlySet<number>;
  /** Without what a restore puts to rest. */
  readonly schema: readonly SchemaEntry[];
  readonly sequences: readonly SequenceState[];
  readonly largeObjects: Pick<Inventory['largeObjects'], 'count' | 'unreadable'>;
  /** How exactly each table can be restored, as the backup before the moment tells it. */
  readonly coverage: readonly TableCoverage[];
}

export interface TableCoverage {
  readonly schema: string;
  readonly name: string;
  readonly coverage: Coverage;
}

/** Reads what the chain says of its end, or of a moment in it. Throws as `planRestore` does. */
export async function expectedContent(
  chain: readonly BackupReader[],
  moment: ReplayTarget,
  signal: AbortSignal,
): Promise<ExpectedContent> {
  const [full] = chain;
  if (!full) throw new TypeError('a chain holds at least its full');
  const ofFull = await readInventory(full, signal);
  const links = ofFull.following.slot === undefined ? [] : await readLinks(chain, signal);
  const plan = links.length > 0 ? planOf(links, moment) : undefined;
  const boundary = plan?.boundary ?? 0;
  const inventory = { ...ofFull, ...links[plan?.schema ?? 0]?.state.needs };
  const tables = await expectedTables(
    {
      inventory,
      before: links.slice(1, boundary + 1),
      around: links
        .slice(boundary + 1)
        .filter((_, at) => plan?.changes.includes(boundary + 1 + at)),
      moment: plan?.target ?? moment,
    },
    signal,
  );
  return {
    inventory,
    tables,
    notFromFull: plan?.skipFullData ?? new Set(),
    schema: await readSchema(chain[plan?.schema ?? 0] ?? full, inventory, signal),
    sequences: plan?.sequences ?? inventory.sequences,
    largeObjects: plan?.largeObjects?.entry ?? inventory.largeObjects,
    coverage: links[boundary]?.state.tables ?? inventory.tables,
  };
}

interface Link {
  readonly backup: BackupReader;
  readonly state: FollowState;
}

async function readLinks(chain: readonly BackupReader[], signal: AbortSignal): Promise<Link[]> {
  return await Promise.all(
    chain.map(async (backup) => ({ backup, state: await readFollowState(backup, signal) })),
  );
}

function planOf(links: readonly Link[], moment: ReplayTarget): RestorePlan {
  return planRestore(
    links.map(({ backup, state }) => ({ state, time: new Date(backup.point.time) })),
    moment,
  );
}

async function readSchema(
  backup: BackupReader,
  { schema }: Inventory,
  signal: AbortSignal,
): Promise<SchemaEntry[]> {
  const parts: Uint8Array[] = [];
  for await (const part of await backup.readObject(schema, signal)) parts.push(part);
  const entries = parseSchemaScript(Buffer.concat(parts).toString('utf8'));
  return entries.filter((entry) => !neutralise(entry, new Set()));
}
