import type { Client } from 'pg';
import { z } from 'zod';
import type { SchemaRole } from '../../sources/postgres/schema-needs.ts';
import type { Comparison } from '../assertion.ts';

const found = z.object({ name: z.string() });

/**
 * Every role that the backup's schema names exists. Their passwords and memberships belong to the
 * server, not to the database, and are not compared.
 */
export async function* compareRoles(
  client: Client,
  expected: readonly SchemaRole[],
): AsyncGenerator<Comparison> {
  const { rows } = await client.query('SELECT rolname AS name FROM pg_catalog.pg_roles');
  const names = new Set(
    z
      .array(found)
      .parse(rows)
      .map(({ name }) => name),
  );
  for (const { name } of expected)
    yield names.has(name)
      ? { subject: `role ${name}`, outcome: 'passed', what: 'there' }
      : { subject: `role ${name}`, outcome: 'failed', what: 'is missing' };
}
