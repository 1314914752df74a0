import type { Problem } from '../../../errors/holdfast-error.ts';
import { databaseRules, differingProperties } from './restore-properties.ts';
import { quoteQualified } from '../changes/quote.ts';
import { serverFailure } from '../server-error.ts';
import { requireAbsent, requireEmpty, requireSuitable, targetWishes } from './check-target.ts';
import { isMissingDatabase, maintenanceDatabase } from './open-target.ts';
import { connect } from '../connection.ts';
import { readContent, type RestoreContent } from './restore-content.ts';
import type { RestoreOptions } from './restore-options.ts';

export interface RestorePreview {
  /** Objects to fetch, by the backup that holds them. */
  readonly objects: readonly { readonly backup: string; readonly name: string }[];
  readonly tables: number;
  readonly rows: number;
  /** Rows that changes insert, update or delete after that. */
  readonly changes: number;
  readonly database: 'empty' | 'to be created' | 'holds other tables';
  /** What would be left out or put to rest. */
  readonly leftOut: readonly string[];
}

/**
 * What a restore would do, with everything that it checks before its first write, the target included.
 * Writes nothing. Throws what `restorePostgres` would throw by then.
 */
export async function previewRestore(options: RestoreOptions): Promise<RestorePreview> {
  const content = await readContent(options);
  const { inventory, plan, selection, states, units, neutralised } = content;
  const { database, differing } = await checkTarget(options, content);
  const changed = plan?.changes ?? [];
  const chosen = inventory.tables.filter(
    ({ schema, name }) => !selection || selection.tables.has(quoteQualified(schema, name)),
  );
  return {
    objects: [
      ...units.flatMap(({ from, objects }) => objects.map((name) => ({ backup: from.id, name }))),
      ...changed.flatMap((link) => {
        const name = states[link]?.changes?.object;
        const backup = options.chain[link]?.id;
        return name === undefined || backup === undefined ? [] : [{ backup, name }];
      }),
    ],
    tables: chosen.length,
    rows: chosen.reduce((sum, { rows }) => sum + rows, 0),
    changes: changed.reduce((sum, link) => sum + (states[link]?.changes?.changes ?? 0), 0),
    database,
    leftOut: [
      ...neutralised.map(({ kind, name, how }) => `${kind} ${name}: ${how}`),
      ...differing.map(({ where, what }) => `${where}: ${what}`),
    ],
  };
}

async function checkTarget(
  options: RestoreOptions,
  { needs, selection, database, inventory }: RestoreContent,
): Promise<{ database: RestorePreview['database']; differing: Problem[] }> {
  const { target, signal } = options;
  const wishes = targetWishes(options);
  try {
    await using session = await connect(target, { signal });
    if (selection) await requireAbsent(session.client, selection.relations);
    else await requireEmpty(session.client);
    await requireSuitable(session.client, needs, wishes);
    if (selection) return { database: 'holds other tables', differing: [] };
    const rules = databaseRules(options);
    const differing =
      database === undefined
        ? []
        : await differingProperties(session.client, database, inventory.server, rules);
    return { database: 'empty', differing };
  } catch (error) {
    if (!isMissingDatabase(error))
      throw serverFailure(error, `restore into ${target.database}`, signal);
  }
  await using admin = await connect({ ...target, database: maintenanceDatabase }, { signal });
  await requireSuitable(admin.client, needs, wishes);
  return { database: 'to be created', differing: [] };
}
