import { quoteQualified } from '../changes/quote.ts';
import type { PostgresSession } from '../connection.ts';
import type { Task } from '../task-graph.ts';
import type { LoadUnit } from './load-tables.ts';
import type { SchemaPhases } from './schema-phases.ts';
import type { SchemaEntry } from './schema-script.ts';
import { computesValues, referencedTable, subjectTable } from './subject-table.ts';

export type RestoreTask = Task<PostgresSession>;

/** How each kind of task is done. */
export interface BuildWork {
  load(
    session: PostgresSession,
    unit: LoadUnit,
    whole: boolean,
    signal: AbortSignal,
  ): Promise<void>;
  apply(session: PostgresSession, entry: SchemaEntry): Promise<void>;
}

export interface BuildTasks {
  readonly loads: readonly RestoreTask[];
  readonly keys: readonly RestoreTask[];
  readonly indexes: readonly RestoreTask[];
  /** By each table with rows, quoted and qualified, what is to be done before it stands. */
  readonly perTable: ReadonlyMap<string, readonly RestoreTask[]>;
}

/**
 * Loading and building as tasks that wait only for what they need, the largest tables first: a table's
 * indexes are built while others are loaded, and while its rows are still in memory. Its constraints
 * come before its indexes and one after the other, for each locks the table. What may read other tables
 * waits until all rows are there.
 */
export function planBuild(
  units: readonly LoadUnit[],
  { keys, indexes }: Pick<SchemaPhases, 'keys' | 'indexes'>,
  work: BuildWork,
): BuildTasks {
  const tables = new Map<string, TableTasks>();
  const loads = [...Map.groupBy(units, tableOf)].flatMap(([table, own]) => {
    const weight = own.reduce((sum, { bytes }) => sum + bytes, 0);
    const tasks = own.map((unit) => loadTask(unit, weight, own.length === 1, work));
    tables.set(table, { weight, all: tasks, latest: tasks });
    return tasks;
  });
  const loaded: RestoreTask = { after: loads, weight: 0, run: async () => undefined };
  const build = (entry: SchemaEntry): RestoreTask => {
    const table = tables.get(subjectTable(entry) ?? '');
    const run = (session: PostgresSession) => work.apply(session, entry);
    if (!table) return { after: [loaded], weight: 0, run };
    const locks = entry.type !== 'INDEX';
    const own = locks ? table.all : table.latest;
    const after = computesValues(entry) ? [loaded, ...own] : own;
    const task: RestoreTask = { after, weight: table.weight, run };
    table.all = locks ? [task] : [...table.all, task];
    if (locks) table.latest = [task];
    return task;
  };
  const buildAll = (entries: readonly SchemaEntry[]) =>
    entries.toSorted((a, b) => Number(a.type === 'INDEX') - Number(b.type === 'INDEX')).map(build);
  const built = { keys: buildAll(keys), indexes: buildAll(indexes) };
  const perTable = new Map([...tables].map(([name, { all }]) => [name, all]));
  return { loads: [...loads, loaded], ...built, perTable };
}

interface TableTasks {
  readonly weight: number;
  /** All that nothing of the table's waits for yet. */
  all: readonly RestoreTask[];
  /** What an index waits for: the last task that locks the table, or its loads. */
  latest: readonly RestoreTask[];
}

function tableOf({ schema, name }: LoadUnit): string {
  return quoteQualified(schema, name);
}

function loadTask(unit: LoadUnit, weight: number, whole: boolean, work: BuildWork): RestoreTask {
  return { after: [], weight, run: (session, signal) => work.load(session, unit, whole, signal) };
}

/**
 * Foreign keys as tasks: those that share a table keep their order, for each locks both of its tables.
 * One of a table without rows of its own locks its partitions as well, so it runs alone.
 */
export function planForeignKeys(
  entries: readonly SchemaEntry[],
  tables: ReadonlySet<string>,
  apply: BuildWork['apply'],
): RestoreTask[] {
  const last = new Map<string, RestoreTask>();
  let alone: RestoreTask | undefined;
  let sinceAlone: RestoreTask[] = [];
  return entries.map((entry) => {
    const names = [subjectTable(entry), referencedTable(entry)].map((name) => name ?? '');
    const known = names.every((name) => tables.has(name));
    const before = known ? names.map((name) => last.get(name)) : sinceAlone;
    const after = [alone, ...before].filter((task) => task !== undefined);
    const task: RestoreTask = { after, weight: 0, run: (session) => apply(session, entry) };
    if (known) for (const name of names) last.set(name, task);
    else alone = task;
    if (known) sinceAlone.push(task);
    else sinceAlone = [];
    return task;
  });
}

/** Entries in their order, cut so that foreign keys stand together. */
export function foreignKeyRuns(entries: readonly SchemaEntry[]): SchemaEntry[][] {
  const runs: SchemaEntry[][] = [];
  const isForeignKey = ({ type }: SchemaEntry) => type === 'FK CONSTRAINT';
  for (const entry of entries) {
    const run = runs.at(-1);
    if (run?.[0] && isForeignKey(run[0]) === isForeignKey(entry)) run.push(entry);
    else runs.push([entry]);
  }
  return runs;
}

/** One that waits for nothing. */
export function simpleTask(run: RestoreTask['run']): RestoreTask {
  return { after: [], weight: 0, run };
}
