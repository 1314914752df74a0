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
  const kind = kindOf(entry.type) ?? kindOfRemark(entry);
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

const remarks = new Set([
  'COMMENT',
  'SECURITY LABEL',
  'PUBLICATION TABLE',
  'PUBLICATION TABLES IN SCHEMA',
  'SUBSCRIPTION TABLE',
]);

/** What says something about another object, and is nothing to list by itself. */
export function isRemark({ type }: SchemaEntry): boolean {
  return remarks.has(type);
}

/** A remark goes where its subject goes. */
function kindOfRemark(entry: SchemaEntry): ActiveKind | undefined {
  return isRemark(entry) ? kindOf(subject(entry.name)) : undefined;
}

function subject(name: string): string {
  return /^(EVENT TRIGGER|PUBLICATION|SUBSCRIPTION) /.exec(name)?.[1] ?? '';
}
