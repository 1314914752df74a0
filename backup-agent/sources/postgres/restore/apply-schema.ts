import { HoldfastError, type Problem } from '../../../errors/holdfast-error.ts';
import type { SourceContext } from '../../source.ts';
import { isDatabaseError } from '../changes/database-error.ts';
import type { PostgresSession } from '../connection.ts';
import { runLanes } from '../lanes.ts';
import { mapRoles, type RoleMapping } from './role-names.ts';
import type { SchemaEntry } from './schema-script.ts';

export interface SchemaRules {
  readonly noOwner: boolean;
  readonly noPrivileges: boolean;
  readonly roleMapping: RoleMapping;
  /** Set when something was left out on purpose that other objects may need. */
  readonly tolerant: boolean;
}

/** Runs entries of a schema; what is left out or tolerated is collected. */
export class SchemaApplier {
  readonly problems: Problem[] = [];
  readonly #rules: SchemaRules;
  readonly #context: SourceContext;

  constructor(rules: SchemaRules, context: SourceContext) {
    this.#rules = rules;
    this.#context = context;
  }

  /** In order, on one session. */
  async run(session: PostgresSession, entries: readonly SchemaEntry[]): Promise<void> {
    for (const entry of entries) await this.#apply(session, entry);
  }

  /** In any order, on several sessions. */
  async runParallel(
    sessions: readonly PostgresSession[],
    entries: readonly SchemaEntry[],
  ): Promise<void> {
    await runLanes(entries, sessions, this.#context.signal, (session, entry) =>
      this.#apply(session, entry),
    );
  }

  async #apply({ client }: PostgresSession, entry: SchemaEntry): Promise<void> {
    this.#context.signal.throwIfAborted();
    const { noOwner, noPrivileges, roleMapping } = this.#rules;
    if (noPrivileges && (entry.type === 'ACL' || entry.type === 'DEFAULT ACL')) return;
    const owner = noOwner ? '' : (entry.ownerSql ?? '');
    const named = entry.type === 'ACL' || entry.type === 'DEFAULT ACL' || entry.type === 'POLICY';
    const body = named ? mapRoles(entry.sql, roleMapping) : entry.sql;
    try {
      await client.query(`${body}\n${mapRoles(owner, roleMapping)}`);
    } catch (error) {
      if (!isDatabaseError(error) || this.#context.signal.aborted) throw error;
      const where = `${entry.type.toLowerCase()} ${entry.schema}.${entry.name}`;
      if (!this.#tolerates(entry, error.code)) {
        throw new HoldfastError('restore-failed', `${where}: ${error.message} (${error.code})`, {
          cause: error,
        });
      }
      this.problems.push({ where, what: `left out: ${error.message}` });
    }
  }

  #tolerates(entry: SchemaEntry, code: string): boolean {
    const undefinedThing = /^(42704|42883|42P01|42703|3F000|0A000|58P01)$/.test(code);
    if (this.#rules.tolerant && undefinedThing) return true;
    // A role that the target does not have and that nobody asked to make.
    if (entry.type === 'POLICY' && code === '42704') return true;
    // Only an extension's owner may comment on it; on a managed server that is the provider.
    return entry.type === 'COMMENT' && entry.name.startsWith('EXTENSION') && code === '42501';
  }
}
