import type { Client } from 'pg';
import { z } from 'zod';
import type { SequenceState } from '../../sources/postgres/changes/follow-state.ts';
import { quoteIdentifier, quoteQualified } from '../../sources/postgres/changes/quote.ts';
import type { Comparison } from '../assertion.ts';

const whole = z.coerce.bigint();
const used = z.object({
  schema: z.string(),
  name: z.string(),
  increment: whole,
  cycles: z.boolean(),
  tableSchema: z.string().nullable(),
  table: z.string().nullable(),
  column: z.string().nullable(),
});
type UsedSequence = z.infer<typeof used>;

/** Sequences, each with the integer columns that own it or take their default from it. */
const statement = `
  SELECT n.nspname AS schema, c.relname AS name, s.seqincrement::text AS increment,
    s.seqcycle AS cycles, tn.nspname AS "tableSchema", t.relname AS "table", a.attname AS "column"
  FROM pg_catalog.pg_sequence s
  JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN LATERAL (
    SELECT d.refobjid AS relation, d.refobjsubid AS number FROM pg_catalog.pg_depend d
    WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid
      AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
      AND d.refobjsubid > 0
    UNION
    SELECT f.adrelid, f.adnum FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_attrdef f ON f.oid = d.objid
    WHERE d.classid = 'pg_catalog.pg_attrdef'::regclass
      AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = c.oid
  ) use ON true
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = use.relation AND a.attnum = use.number
    AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
  LEFT JOIN pg_catalog.pg_class t ON t.oid = a.attrelid
  LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relpersistence <> 't'`;

interface Position {
  readonly lastValue: bigint;
  readonly isCalled: boolean;
}

const current = z.object({
  schema: z.string(),
  name: z.string(),
  lastValue: z.string(),
  isCalled: z.boolean(),
});

/** Where no source says where its sequences stood: none will hand out what its column holds already. */
export async function* checkSequences(client: Client): AsyncGenerator<Comparison> {
  const { rows } = await client.query(statement);
  const sequences = new Map(
    z
      .array(used)
      .parse(rows)
      .map(({ schema, name }) => [quoteQualified(schema, name), { schema, name }]),
  );
  for (const [qualified, { schema, name }] of sequences) {
    const { rows: states } = await client.query(
      `SELECT $1::text AS schema, $2::text AS name, last_value::text AS "lastValue",
         is_called AS "isCalled" FROM ${qualified}`,
      [schema, name],
    );
    yield* compareSequences(client, [current.parse(states[0])]);
  }
}

/**
 * No sequence stands behind where it stood at the source, and none will hand out a value that its
 * column holds already. One that did so at the source, too, is not the backup's fault: unproven.
 */
export async function* compareSequences(
  client: Client,
  expected: readonly SequenceState[],
): AsyncGenerator<Comparison> {
  const { rows } = await client.query(statement);
  const uses = Map.groupBy(z.array(used).parse(rows), ({ schema, name }) =>
    quoteQualified(schema, name),
  );
  for (const { schema, name, lastValue, isCalled } of expected) {
    const of = uses.get(quoteQualified(schema, name));
    const subject = `${schema}.${name}`;
    if (!of) yield { subject, outcome: 'failed', what: 'is missing' };
    else {
      const wanted = { lastValue: BigInt(lastValue), isCalled };
      yield { subject, ...(await compareSequence(client, of, wanted)) };
    }
  }
}

const position = z.object({ lastValue: whole, isCalled: z.boolean() });

async function compareSequence(
  client: Client,
  uses: readonly UsedSequence[],
  wanted: Position,
): Promise<Pick<Comparison, 'outcome' | 'what'>> {
  const [sequence] = uses;
  if (!sequence) throw new TypeError('a group holds at least one');
  const { rows } = await client.query(
    `SELECT last_value::text AS "lastValue", is_called AS "isCalled"
     FROM ${quoteQualified(sequence.schema, sequence.name)}`,
  );
  const found = position.parse(rows[0]);
  const next = nextOf(found, sequence.increment);
  const wantedNext = nextOf(wanted, sequence.increment);
  if (sequence.cycles)
    return next === wantedNext
      ? { outcome: 'passed', what: `goes on with ${next}` }
      : { outcome: 'failed', what: `goes on with ${next}, at the source with ${wantedNext}` };
  if (isAhead(wantedNext, next, sequence.increment))
    return { outcome: 'failed', what: `goes on with ${next}, at the source with ${wantedNext}` };
  for (const use of uses) {
    const top = await furthest(client, use);
    if (top === undefined || isAhead(next, top, use.increment)) continue;
    // A sequence that is where it was, with a column ahead of it, was so before the backup.
    const what = `goes on with ${next}, its column already holds ${top}`;
    return next === wantedNext
      ? { outcome: 'unproven', what: `${what}; the source may have been so` }
      : { outcome: 'failed', what };
  }
  return { outcome: 'passed', what: `goes on with ${next}` };
}

function nextOf({ lastValue, isCalled }: Position, increment: bigint): bigint {
  return isCalled ? lastValue + increment : lastValue;
}

function isAhead(left: bigint, right: bigint, increment: bigint): boolean {
  return increment > 0n ? left > right : left < right;
}

const extreme = z.object({ value: z.coerce.bigint().nullable() });

async function furthest(client: Client, use: UsedSequence): Promise<bigint | undefined> {
  if (use.tableSchema === null || use.table === null || use.column === null) return undefined;
  const aggregate = use.increment > 0n ? 'max' : 'min';
  const { rows } = await client.query(
    `SELECT ${aggregate}(${quoteIdentifier(use.column)})::text AS value
     FROM ${quoteQualified(use.tableSchema, use.table)}`,
  );
  const [row] = rows;
  return (row?.value === null ? undefined : extreme.parse(row).value) ?? undefined;
}
