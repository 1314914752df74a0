import type { ClientBase } from 'pg';
import type { Problem } from '../../../errors/holdfast-error.ts';
import { isDatabaseError } from '../changes/database-error.ts';
import { readDatabaseProperties, type DatabaseProperties } from '../database-properties.ts';
import type { Inventory } from '../inventory.ts';
import { readServerFacts } from '../server-facts.ts';
import { databaseStatements, type DatabaseRules } from './database-statements.ts';
import type { RestoreOptions } from './restore-options.ts';

export function databaseRules(options: RestoreOptions): DatabaseRules {
  const { target, noOwner = false, noPrivileges = false, roleMapping = {} } = options;
  return { database: target.database, noOwner, noPrivileges, roleMapping };
}

/**
 * Gives a database that the restore created what belongs to the database itself. Returns what the
 * server refused (a setting that only a superuser may make, a role that is not there), with the
 * statement. To be called last: a setting such as `default_transaction_read_only` holds for sessions
 * that begin after it.
 */
export async function giveProperties(
  client: ClientBase,
  properties: DatabaseProperties,
  rules: DatabaseRules,
): Promise<Problem[]> {
  const refused: Problem[] = [];
  for (const { gives, sql, shown = sql } of databaseStatements(properties, rules)) {
    try {
      await client.query(sql);
    } catch (error) {
      if (!isDatabaseError(error)) throw error;
      refused.push({
        where: `${gives} of the database`,
        what: `${error.message}; it was ${shown}`,
      });
    }
  }
  return refused;
}

/**
 * What the backup says of its database, and a database that was there already says otherwise. It is
 * left as it is; each entry names the statement that would give it, where there is one.
 */
export async function differingProperties(
  client: ClientBase,
  properties: DatabaseProperties,
  { encoding, collate, ctype }: Inventory['server'],
  rules: DatabaseRules,
): Promise<Problem[]> {
  const facts = await readServerFacts(client);
  const present = await readDatabaseProperties(client);
  const fixed = [
    ['encoding', encoding, facts.encoding],
    ['LC_COLLATE', collate, facts.collate],
    ['LC_CTYPE', ctype, facts.ctype],
    ['locale', Object.values(properties.locale).join(' '), Object.values(present.locale).join(' ')],
  ] as const;
  const has = new Set(
    databaseStatements(present, { ...rules, roleMapping: {} }).map(({ sql }) => sql),
  );
  return [
    ...fixed.flatMap(([name, wanted, found]) =>
      wanted === found
        ? []
        : [{ where: `${name} of the database`, what: `it is ${found}, and was ${wanted}` }],
    ),
    ...databaseStatements(properties, rules).flatMap(({ gives, sql, shown = sql }) =>
      has.has(sql) ? [] : [{ where: `${gives} of the database`, what: shown }],
    ),
  ];
}
