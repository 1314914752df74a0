import { HoldfastError, type Problem } from '../../../errors/holdfast-error.ts';
import type { SourceContext } from '../../source.ts';
import { isDatabaseError } from '../changes/database-error.ts';
import type { PostgresSession } from '../connection.ts';
import type { RestoreRecord } from './restore-record.ts';
import { mapRoles, type RoleMapping } from './role-names.ts';
import type { SchemaEntry } from './schema-script.ts';

export interface SchemaRules {
  readonly noOwner: boolean;
  readonly noPrivileges: boolean;
  readonly roleMapping: RoleMapping;
  /** Set when something was left out on purpose that other objects may need. */
  readonly tolerant: boolean;
  /** Entries that are taken as they are where the target has them already. */
  readonly mayExist: ReadonlySet<SchemaEntry>;
}

/**
 * Runs entries of a schema, each in a transaction of its own that also records it; what is recorded
 * already is passed over. What is left out or tolerated is collected.
 */
export class SchemaApplier {
  readonly problems: Problem[] = [];
  /** Entries that the target had already, and that were left as they are. */
  readonly kept: SchemaEntry[] = [];
  readonly #rules: SchemaRules;
  readonly #record: RestoreRecord;
  readonly #context: SourceContext;

  constructor(rules: SchemaRules, record: RestoreRecord, context: SourceContext) {
    this.#rules = rules;
    this.#record = record;
    this.#context = context;
    this.problems.push(...record.notes());
  }

  /** In order, on one session. */
  async run(session: PostgresSession, entries: readonly SchemaEntry[]): Promise<void> {
    for (const entry of entries) await this.apply(session, entry);
  }

  /** One of them. */
  async apply({ client }: PostgresSession, entry: SchemaEntry): Promise<void> {
    this.#context.signal.throwIfAborted();
    const step = `schema ${entry.at}`;
    if (this.#record.isDone(step)) return;
    const { noOwner, noPrivileges, roleMapping } = this.#rules;
    if (noPrivileges && (entry.type === 'ACL' || entry.type === 'DEFAULT ACL')) return;
    const owner = noOwner ? '' : (entry.ownerSql ?? '');
    const named = entry.type === 'ACL' || entry.type === 'DEFAULT ACL' || entry.type === 'POLICY';
    const body = named ? mapRoles(entry.sql, roleMapping) : entry.sql;
    try {
      // Several statements in one query are one transaction.
      const recorded = this.#record.statement(step);
      await client.query(`${body}\n${mapRoles(owner, roleMapping)}\n;${recorded}`);
    } catch (error) {
      if (!isDatabaseError(error) || this.#context.signal.aborted) throw error;
      if (this.#rules.mayExist.has(entry) && alreadyThere.test(error.code)) {
        this.kept.push(entry);
        return;
      }
      const where = `${entry.type.toLowerCase()} ${entry.schema}.${entry.name}`;
      if (!this.#tolerates(entry, error.code)) {
        throw new HoldfastError('restore-failed', `${where}: ${error.message} (${error.code})`, {
          cause: error,
        });
      }
      const problem = { where, what: `left out: ${error.message}` };
      this.problems.push(problem);
      await client.query(this.#record.statement(step, problem));
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

/** Duplicate schema, object, function or relation. */
const alreadyThere = /^(42P06|42710|42723|42P07)$/;
