import type { Client } from 'pg';
import { z } from 'zod';
import type { SchemaEntry } from '../../sources/postgres/restore/schema-script.ts';
import type { Comparison } from '../assertion.ts';

const constraint = z.object({
  schema: z.string(),
  /** As pg_dump heads it: the name of the table or domain, a space, and its own. */
  name: z.string(),
  validated: z.boolean(),
});

/** Constraints of tables and domains; those of extensions are the extensions' business. */
const statement = `
  SELECT n.nspname AS schema, coalesce(r.relname, t.typname) || ' ' || c.conname AS name,
    c.convalidated AS validated
  FROM pg_catalog.pg_constraint c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace
  LEFT JOIN pg_catalog.pg_class r ON r.oid = c.conrelid
  LEFT JOIN pg_catalog.pg_type t ON t.oid = c.contypid
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.deptype = 'e'
      AND d.objid IN (c.conrelid, c.contypid) AND d.objid <> 0)`;

/**
 * The server has checked all rows against every constraint. One that it has not may have been so at the
 * source: unproven.
 */
export async function* checkConstraints(client: Client): AsyncGenerator<Comparison> {
  const { rows } = await client.query(statement);
  for (const { schema, name, validated } of z.array(constraint).parse(rows))
    yield validated
      ? { subject: `${schema}.${name}`, outcome: 'passed', what: 'validated' }
      : {
          subject: `${schema}.${name}`,
          outcome: 'unproven',
          what: 'is not validated; the source may have been so',
        };
}

/**
 * Every constraint that the source had is there, and the server has checked all rows against it. One
 * that the source itself had not checked (NOT VALID, NOT ENFORCED) may stay so.
 */
export async function* compareConstraints(
  client: Client,
  schema: readonly SchemaEntry[],
  skippedExtensions: readonly string[],
): AsyncGenerator<Comparison> {
  const dumped = schema.filter(({ type }) => type.endsWith('CONSTRAINT'));
  const uncheckedAtSource = new Set(
    dumped
      .filter(({ sql }) => /\bNOT (?:VALID|ENFORCED)\s*;\s*$/.test(sql))
      .map((entry) => `${entry.schema}.${entry.name}`),
  );
  const found = new Set<string>();
  const { rows } = await client.query(statement);
  for (const { schema, name, validated } of z.array(constraint).parse(rows)) {
    const subject = `${schema}.${name}`;
    found.add(subject);
    if (validated) yield { subject, outcome: 'passed', what: 'validated' };
    else if (uncheckedAtSource.has(subject))
      yield { subject, outcome: 'passed', what: 'not validated, as at the source' };
    else yield { subject, outcome: 'failed', what: 'is not validated, at the source it was' };
  }
  for (const entry of dumped) {
    const subject = `${entry.schema}.${entry.name}`;
    if (found.has(subject)) continue;
    yield skippedExtensions.length > 0
      ? { subject, outcome: 'unproven', what: 'is missing, and so is an extension that may be why' }
      : { subject, outcome: 'failed', what: 'is missing' };
  }
}
