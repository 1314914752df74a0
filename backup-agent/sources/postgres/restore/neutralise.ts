import type { SchemaEntry } from './schema-script.ts';

/** What would act by itself in a restored database. */
export const activeKinds = [
  'subscriptions',
  'publications',
  'event triggers',
  'foreign servers',
  'scheduled jobs',
] as const;
export type ActiveKind = (typeof activeKinds)[number];

export interface Neutralised {
  readonly kind: ActiveKind;
  readonly name: string;
  /** What was done about it. */
  readonly how: string;
}

/** Extensions whose tables hold jobs that the server runs. */
const schedulers = new Set(['pg_cron', 'pg_timetable']);

export function isScheduler(extension: string): boolean {
  return schedulers.has(extension);
}

/**
 * Whether an entry is left out so that the restored database does nothing by itself. A foreign
 * server stays, because tables need it, but without the credentials of its user mappings.
 */
export function neutralise(
  entry: SchemaEntry,
  active: ReadonlySet<ActiveKind>,
): Neutralised | undefined {
  const kind = kindOf(entry.type);
  if (kind === undefined || active.has(kind)) return undefined;
  const how = entry.type === 'USER MAPPING' ? 'left out, so no sign-in is possible' : 'left out';
  return { kind, name: entry.name, how };
}

function kindOf(type: string): ActiveKind | undefined {
  if (type.startsWith('SUBSCRIPTION')) return 'subscriptions';
  if (type.startsWith('PUBLICATION')) return 'publications';
  if (type === 'EVENT TRIGGER') return 'event triggers';
  if (type === 'USER MAPPING') return 'foreign servers';
  return undefined;
}
