import type { ClientBase } from 'pg';
import { isHoldfastError, HoldfastError, type Problem } from '../../../errors/holdfast-error.ts';
import { isDatabaseError } from '../changes/database-error.ts';
import { quoteIdentifier, quoteLiteral } from '../changes/quote.ts';
import { connect, type PostgresSession } from '../connection.ts';
import type { ConnectionTarget } from '../connection-target.ts';
import type { Inventory } from '../inventory.ts';

/** Where to sign in while the database itself does not exist. */
export const maintenanceDatabase = 'postgres';

export interface OpenedTarget {
  readonly session: PostgresSession;
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
  inventory: Inventory,
  signal: AbortSignal,
  check: (client: ClientBase) => Promise<void>,
): Promise<OpenedTarget> {
  try {
    return { session: await connect(target, { signal }), problems: [] };
  } catch (error) {
    if (!isMissingDatabase(error)) throw error;
  }
  const problems = await createDatabase(target, inventory, signal, check);
  return { session: await connect(target, { signal }), problems };
}

export function isMissingDatabase(error: unknown): boolean {
  return (
    isHoldfastError(error, 'source-denied') &&
    isDatabaseError(error.cause) &&
    error.cause.code === '3D000'
  );
}

async function createDatabase(
  target: ConnectionTarget,
  { server }: Inventory,
  signal: AbortSignal,
  check: (client: ClientBase) => Promise<void>,
): Promise<Problem[]> {
  await using admin = await connect({ ...target, database: maintenanceDatabase }, { signal });
  const { client } = admin;
  await check(client);
  const encoding = `TEMPLATE template0 ENCODING ${quoteLiteral(server.encoding)}`;
  const locale = `LC_COLLATE ${quoteLiteral(server.collate)} LC_CTYPE ${quoteLiteral(server.ctype)}`;
  const statement = `CREATE DATABASE ${quoteIdentifier(target.database)}`;
  try {
    await client.query(`${statement} ${encoding} ${locale}`);
    return [];
  } catch (error) {
    if (!isDatabaseError(error)) throw error;
    if (error.code === '42501') throw mayNotCreate(target, error);
    if (error.code !== invalidLocale) throw error;
  }
  await client.query(`${statement} ${encoding}`);
  const what = `the server has no locale ${server.collate}: text sorts and folds as its own default does`;
  return [{ where: `database ${target.database}`, what }];
}

/** `wrong_object_type`: "invalid LC_COLLATE locale name". */
const invalidLocale = '42809';

function mayNotCreate({ user, database }: ConnectionTarget, cause: Error): HoldfastError {
  return new HoldfastError(
    'target-unsuitable',
    `the database ${database} does not exist, and ${user} may not create it`,
    { cause, hint: `create it empty, or: ALTER ROLE ${quoteIdentifier(user)} CREATEDB` },
  );
}
