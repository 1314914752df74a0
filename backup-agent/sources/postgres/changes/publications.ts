import { quoteIdentifier, quoteQualified } from './quote.ts';

export interface PublicationNames {
  /** Inserts and truncates of all tables. */
  readonly all: string;
  /** Updates and deletes of the tables that have an identity. */
  readonly keyed: string;
}

export function publicationNames(slot: string): PublicationNames {
  return { all: `${slot}_all`, keyed: `${slot}_keyed` };
}

/**
 * The statements that make both publications. Two, because a publication that carries the updates of a
 * table without an identity makes the application's updates fail.
 */
export function createPublicationsSql(
  names: PublicationNames,
  keyedTables: readonly { readonly schema: string; readonly name: string }[],
): string[] {
  const tables = keyedTables.map(({ schema, name }) => `ONLY ${quoteQualified(schema, name)}`);
  const list = tables.length > 0 ? ` FOR TABLE ${tables.join(', ')}` : '';
  return [
    `CREATE PUBLICATION ${quoteIdentifier(names.all)} FOR ALL TABLES ` +
      `WITH (publish = 'insert, truncate')`,
    `CREATE PUBLICATION ${quoteIdentifier(names.keyed)}${list} WITH (publish = 'update, delete')`,
  ];
}
