import type { ClientBase } from 'pg';
import { isHoldfastError, HoldfastError, type Problem } from '../../../errors/holdfast-error.ts';
import { isDatabaseError } from '../changes/database-error.ts';
import { quoteIdentifier, quoteLiteral } from '../changes/quote.ts';
import { connect, type PostgresSession } from '../connection.ts';
import type { ConnectionTarget } from '../connection-target.ts';
import type { DatabaseLocale } from '../database-properties.ts';
import type { Inventory } from '../inventory.ts';
import { saysNoDatabase } from '../server-error.ts';
import { readServerFacts } from '../server-facts.ts';

/** Where to sign in while the database itself does not exist. */
export const maintenanceDatabase = 'postgres';

/** What a new database takes after. */
export interface DatabaseLike {
  readonly server: Inventory['server'];
  readonly locale: DatabaseLocale | undefined;
}

export interface OpenedTarget {
  readonly session: PostgresSession;
  readonly created: boolean;
  /** What the new database could not be given. */
  readonly problems: readonly Problem[];
}

/**
 * Opens a session with the target's database, which is created when there is none, with the encoding and
 * the locale of the one that was backed up. `check` runs before anything is created, on a session
 * with the same server. Throws `target-unsuitable` when the role may not create databases.
 */
export async function openTarget(
  target: ConnectionTarget,
  like: DatabaseLike,
  signal: AbortSignal,
  check: (client: ClientBase) => Promise<void>,
): Promise<OpenedTarget> {
  try {
    return { session: await connect(target, { signal }), created: false, problems: [] };
  } catch (error) {
    if (!isMissingDatabase(error)) throw error;
  }
  const problems = await createDatabase(target, like, signal, check);
  return { session: await connect(target, { signal }), created: true, problems };
}

export function isMissingDatabase(error: unknown): boolean {
  return isHoldfastError(error, 'source-denied') && saysNoDatabase(error.cause);
}

async function createDatabase(
  target: ConnectionTarget,
  { server, locale }: DatabaseLike,
  signal: AbortSignal,
  check: (client: ClientBase) => Promise<void>,
): Promise<Problem[]> {
  await using admin = await connect({ ...target, database: maintenanceDatabase }, { signal });
  const { client } = admin;
  await check(client);
  const encoding = `TEMPLATE template0 ENCODING ${quoteLiteral(server.encoding)}`;
  const { majorVersion } = await readServerFacts(client);
  const statement = `CREATE DATABASE ${quoteIdentifier(target.database)}`;
  try {
    await client.query(`${statement} ${encoding} ${localeClause(server, locale, majorVersion)}`);
    return [];
  } catch (error) {
    if (!isDatabaseError(error)) throw error;
    if (error.code === '42501') throw mayNotCreate(target, error);
    if (!unknownLocale.has(error.code)) throw error;
  }
  await client.query(`${statement} ${encoding}`);
  const what = `the server does not take the locale ${locale?.name ?? server.collate}: text sorts and folds as its own default does`;
  return [{ where: `database ${target.database}`, what }];
}

/** "invalid LC_COLLATE locale name", "could not open collator for locale", "ICU is not supported in this build". */
const unknownLocale = new Set(['42809', '22023', '0A000']);

/** Says the provider, too: without, the server's own template decides. Before version 15 there is one. */
function localeClause(
  { collate, ctype }: Inventory['server'],
  locale: DatabaseLocale | undefined,
  majorVersion: number,
): string {
  const { provider = 'libc', name, rules } = locale ?? {};
  const parts = [`LC_COLLATE ${quoteLiteral(collate)} LC_CTYPE ${quoteLiteral(ctype)}`];
  if (majorVersion >= 15) parts.push(`LOCALE_PROVIDER ${provider}`);
  if (name !== undefined && provider !== 'libc')
    parts.push(`${provider === 'icu' ? 'ICU' : 'BUILTIN'}_LOCALE ${quoteLiteral(name)}`);
  if (rules !== undefined) parts.push(`ICU_RULES ${quoteLiteral(rules)}`);
  return parts.join(' ');
}

function mayNotCreate({ user, database }: ConnectionTarget, cause: Error): HoldfastError {
  return new HoldfastError(
    'target-unsuitable',
    `the database ${database} does not exist, and ${user} may not create it`,
    { cause, hint: `create it empty, or: ALTER ROLE ${quoteIdentifier(user)} CREATEDB` },
  );
}
