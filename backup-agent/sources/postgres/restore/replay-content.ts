import { parseLsn } from '../changes/lsn.ts';
import { replayChanges, type ReplayResult } from '../changes/replay.ts';
import type { PostgresSession } from '../connection.ts';
import { linkOf, type RestoreContent } from './restore-content.ts';
import type { RestoreOptions } from './restore-options.ts';
import { chosenTables } from './select-tables.ts';

/** Replays the changes of a chain up to the moment that is wanted; undefined where there are none. */
export async function replayContent(
  { client }: PostgresSession,
  { plan, states, selection, mask }: RestoreContent,
  { chain, signal, progress }: RestoreOptions,
): Promise<ReplayResult | undefined> {
  if (plan === undefined || plan.changes.length === 0) return undefined;
  const amount = plan.changes.reduce((sum, at) => sum + (states[at]?.changes?.changes ?? 0), 0);
  progress.step('replay changes', { amount, unit: 'rows' });
  const changes = plan.changes.flatMap((link) => {
    const stored = states[link]?.changes;
    if (!stored) return [];
    const backup = linkOf(chain, link);
    const read = (until: AbortSignal) => backup.readObject(stored.object, until);
    return [{ from: parseLsn(stored.from), to: parseLsn(stored.to), read }];
  });
  const tables = chosenTables(selection, plan.tables);
  const { target } = plan;
  return await replayChanges({ client, tables, changes, target, mask, signal, progress });
}
