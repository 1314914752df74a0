import type { ClientBase } from 'pg';
import { z } from 'zod';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import { isDatabaseError } from '../../sources/postgres/changes/database-error.ts';
import { connect } from '../../sources/postgres/connection.ts';
import type { ConnectionTarget } from '../../sources/postgres/connection-target.ts';
import { requireEmpty } from '../../sources/postgres/restore/check-target.ts';
import { emptyDatabase } from './empty-database.ts';

/** First line of the database's comment while a drill is at work; the comment that it had follows. */
const mark =
  'Holdfast drills here: when no drill is at work, the next one empties this database.\n';

/** PostgreSQL's code for a right that is missing. */
const insufficientPrivilege = '42501';

/** Cleaning up must happen after an abort, too. */
const always = new AbortController().signal;

/**
 * Takes an empty database for a drill, marked so that the next drill knows what a killed one left in
 * it, and locked against another drill. Disposing gives it back empty, with the comment it had. Only
 * its owner may mark it; what a killed drill leaves in one that somebody else owns stays. Throws
 * `target-not-empty`, and `target-unsuitable` when another drill is at work there or somebody follows
 * its changes, as the backup of a source does, under whatever host name.
 */
export async function borrowDatabase(target: ConnectionTarget): Promise<AsyncDisposable> {
  await using resources = new AsyncDisposableStack();
  const { client } = resources.use(await connect(target, { signal: always }));
  await lock(client);
  await refuseFollowed(client);
  const comment = await commentOf(client);
  if (comment.startsWith(mark)) await emptyDatabase(client);
  else await requireEmpty(client);
  const former = comment.startsWith(mark) ? comment.slice(mark.length) : comment;
  const marked = await setComment(client, mark + former);
  resources.defer(async () => {
    // In a session of its own: the one with the lock was idle for long.
    await using session = await connect(target, { signal: always });
    await emptyDatabase(session.client);
    if (marked) await setComment(session.client, former);
  });
  return resources.move();
}

async function lock(client: ClientBase): Promise<void> {
  const { rows } = await client.query(
    `SELECT pg_catalog.pg_try_advisory_lock(pg_catalog.hashtext('holdfast drill')) AS free,
       pg_catalog.current_database() AS name`,
  );
  const [{ free, name }] = z.tuple([z.object({ free: z.boolean(), name: z.string() })]).parse(rows);
  if (!free)
    throw new HoldfastError(
      'target-unsuitable',
      `another drill is at work in the database ${name}`,
    );
}

async function refuseFollowed(client: ClientBase): Promise<void> {
  const { rows } = await client.query(
    `SELECT slot_name AS slot, database AS name FROM pg_catalog.pg_replication_slots
     WHERE database = pg_catalog.current_database() LIMIT 1`,
  );
  const [followed] = z.array(z.object({ slot: z.string(), name: z.string() })).parse(rows);
  if (followed)
    throw new HoldfastError(
      'target-unsuitable',
      `the sandbox ${followed.name} is somebody's source: the slot ${followed.slot} follows its changes`,
    );
}

async function commentOf(client: ClientBase): Promise<string> {
  const { rows } = await client.query(
    `SELECT coalesce(pg_catalog.shobj_description(oid, 'pg_database'), '') AS comment
     FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()`,
  );
  return z.tuple([z.object({ comment: z.string() })]).parse(rows)[0].comment;
}

/** Returns whether this role may. */
async function setComment(client: ClientBase, comment: string): Promise<boolean> {
  const { rows } = await client.query(
    `SELECT pg_catalog.format('COMMENT ON DATABASE %I IS %L',
       pg_catalog.current_database(), nullif($1, '')) AS statement`,
    [comment],
  );
  const [{ statement }] = z.tuple([z.object({ statement: z.string() })]).parse(rows);
  try {
    await client.query(statement);
    return true;
  } catch (error) {
    if (!isDatabaseError(error) || error.code !== insufficientPrivilege) throw error;
    return false;
  }
}
