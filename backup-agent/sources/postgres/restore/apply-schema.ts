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
 * Runs entries of a schema in transactions that also record them; what is recorded already is passed
 * over. What is left out or tolerated is collected.
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

  /** In order, on one session; some in one transaction, for a round trip each would take its time. */
  async run(session: PostgresSession, entries: readonly SchemaEntry[]): Promise<void> {
    for (let at = 0; at < entries.length; at += perTransaction) {
      const some = entries.slice(at, at + perTransaction);
      if (await this.#applyTogether(session, some)) continue;
      for (const entry of some) await this.apply(session, entry);
    }
  }

  /** Whether it worked. What is wrong, and with which entry, shows when they are applied one by one. */
  async #applyTogether(
    { client }: PostgresSession,
    entries: readonly SchemaEntry[],
  ): Promise<boolean> {
    this.#context.signal.throwIfAborted();
    const statements = entries.flatMap((entry) => this.#statement(entry) ?? []);
    try {
      if (statements.length > 0) await client.query(statements.join('\n'));
      return true;
    } catch (error) {
      if (!isDatabaseError(error) || this.#context.signal.aborted) throw error;
      return false;
    }
  }

  /** One of them. */
  async apply({ client }: PostgresSession, entry: SchemaEntry): Promise<void> {
    this.#context.signal.throwIfAborted();
    const statement = this.#statement(entry);
    if (statement === undefined) return;
    try {
      await client.query(statement);
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
      await client.query(this.#record.statement(stepOf(entry), problem));
    }
  }

  /** With what records it: several statements in one query are one transaction. */
  #statement(entry: SchemaEntry): string | undefined {
    if (this.#record.isDone(stepOf(entry))) return undefined;
    const { noOwner, noPrivileges, roleMapping } = this.#rules;
    const isGrant = entry.type === 'ACL' || entry.type === 'DEFAULT ACL';
    if (noPrivileges && isGrant) return undefined;
    const owner = noOwner ? '' : (entry.ownerSql ?? '');
    const body = isGrant || entry.type === 'POLICY' ? mapRoles(entry.sql, roleMapping) : entry.sql;
    return `${body}\n${mapRoles(owner, roleMapping)}\n;${this.#record.statement(stepOf(entry))};`;
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

/** Few enough that their locks fit any server's table of them. */
const perTransaction = 50;

function stepOf({ at }: SchemaEntry): string {
  return `schema ${at}`;
}

/** Duplicate schema, object, function or relation. */
const alreadyThere = /^(42P06|42710|42723|42P07)$/;
