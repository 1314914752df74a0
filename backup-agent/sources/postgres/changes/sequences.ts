import type { ClientBase } from 'pg';
import { z } from 'zod';
import type { SequenceState } from './follow-state.ts';
import { quoteLiteral, quoteQualified } from './quote.ts';

const nameRow = z.object({ schema: z.string(), name: z.string() });
const stateRow = z.object({
  schema: z.string(),
  name: z.string(),
  lastValue: z.string(),
  isCalled: z.boolean(),
});
const perQuery = 500;

/**
 * Where every sequence stands that this role may read. Sequences know no snapshot: read them after
 * the rows, then they are never behind them.
 */
export async function readSequences(client: ClientBase): Promise<SequenceState[]> {
  const found = await client.query(`
    SELECT n.nspname AS schema, c.relname AS name
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_'
      AND n.nspname <> 'information_schema' AND CASE c.relkind WHEN 'S' THEN has_sequence_privilege(c.oid, 'SELECT') END
    ORDER BY 1, 2`);
  const names = z.array(nameRow).parse(found.rows);
  const states: SequenceState[] = [];
  for (let start = 0; start < names.length; start += perQuery) {
    const selects = names
      .slice(start, start + perQuery)
      .map(({ schema, name }) => selectState(schema, name));
    const result = await client.query(selects.join(' UNION ALL '));
    states.push(...z.array(stateRow).parse(result.rows));
  }
  return states;
}

function selectState(schema: string, name: string): string {
  return (
    `SELECT ${quoteLiteral(schema)}::text AS schema, ${quoteLiteral(name)}::text AS name, ` +
    `last_value::text AS "lastValue", is_called AS "isCalled" FROM ${quoteQualified(schema, name)}`
  );
}
