import type { Coverage } from './follow-state.ts';

/** What decides how exactly a table can be restored. */
export interface CoverageFacts {
  /** `pg_class.relkind`. */
  readonly kind: string;
  /** `pg_class.relpersistence`. */
  readonly persistence: string;
  /** `pg_class.relreplident`. */
  readonly identity: string;
  /** The columns of a usable identity index; null when there is none. */
  readonly keyColumns: readonly string[] | null;
  /** The extension that the table belongs to. */
  readonly extension: string | null;
  readonly insertsPublished: boolean;
  readonly updatesPublished: boolean;
}

/**
 * The coverage report's one rule, for preflight, inventory and evidence. A pure function: the facts
 * come from the catalog.
 */
export function tableCoverage(facts: CoverageFacts): Coverage {
  const reason = (text: string): Coverage => ({ level: 'boundary', reason: text });
  if (facts.kind === 'f') {
    return { level: 'none', reason: 'a foreign table: its rows live on another server' };
  }
  if (facts.extension !== null) return reason(`it belongs to the extension ${facts.extension}`);
  if (facts.persistence === 'u') return reason('unlogged: its changes are not in the log');
  if (facts.identity === 'n') return reason('REPLICA IDENTITY NOTHING');
  if (facts.identity !== 'f' && facts.keyColumns === null)
    return reason(missingKey(facts.identity));
  if (!facts.insertsPublished) return reason('no publication carries its inserts');
  if (!facts.updatesPublished) return reason('no publication carries its updates and deletes');
  return { level: 'commit' };
}

/** What would let the table be restored to any commit, as SQL; undefined where only we can help. */
export function coverageFix(facts: CoverageFacts, sqlName: string): string | undefined {
  if (facts.kind === 'f' || facts.extension !== null) return undefined;
  if (facts.persistence === 'u') return `ALTER TABLE ${sqlName} SET LOGGED`;
  if (facts.identity === 'f' || (facts.identity !== 'n' && facts.keyColumns !== null))
    return undefined;
  return facts.identity === 'd'
    ? `ALTER TABLE ${sqlName} ADD PRIMARY KEY (…), or ALTER TABLE ${sqlName} REPLICA IDENTITY FULL`
    : `ALTER TABLE ${sqlName} REPLICA IDENTITY DEFAULT, or FULL where it has no primary key`;
}

function missingKey(identity: string): string {
  return identity === 'i'
    ? 'its replica identity index is gone or not usable'
    : 'no primary key, or only a deferrable one';
}
