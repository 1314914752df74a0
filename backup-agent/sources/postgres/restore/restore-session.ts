import type { PostgresSession } from '../connection.ts';
import { readServerFacts } from '../server-facts.ts';

/** A restore may be repeated, so it need not wait for the disk at every commit. */
export async function prepareSession({ client }: PostgresSession): Promise<void> {
  // The database or the role may make read-only the default.
  await client.query(`SET default_transaction_read_only = off`);
  await client.query(`SET check_function_bodies = off`);
  await client.query(`SET synchronous_commit = off`);
  await client.query(`SET client_min_messages = warning`);
  // So that a killed run's session ends soon, and the next run need not wait for it.
  const { majorVersion } = await readServerFacts(client);
  if (majorVersion >= 14) await client.query(`SET client_connection_check_interval = '2s'`);
}
