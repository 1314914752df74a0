import type { Client } from 'pg';
import { z } from 'zod';
import type { Comparison } from '../assertion.ts';
import type { ExpectedContent } from '../expected-content.ts';

const counted = z.object({ count: z.int() });

/** As many large objects as were backed up; those that could not be read at the source are unproven. */
export async function* compareLargeObjects(
  client: Client,
  { count, unreadable }: ExpectedContent['largeObjects'],
): AsyncGenerator<Comparison> {
  const { rows } = await client.query(
    'SELECT count(*)::int AS count FROM pg_catalog.pg_largeobject_metadata',
  );
  const found = counted.parse(rows[0]).count;
  const subject = 'large objects';
  yield found === count
    ? { subject, outcome: 'passed', what: `${count} there` }
    : { subject, outcome: 'failed', what: `${found} there, ${count} were backed up` };
  if (unreadable > 0)
    yield { subject, outcome: 'unproven', what: `${unreadable} were not readable at the source` };
}
