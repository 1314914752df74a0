import type { ClientBase } from 'pg';
import { z } from 'zod';
import { isDatabaseError } from '../changes/database-error.ts';
import { HoldfastError } from '../../../errors/holdfast-error.ts';
import { connect } from '../connection.ts';
import type { ConnectionTarget } from '../connection-target.ts';
import { serverFailure } from '../server-error.ts';
import { readServerFacts } from '../server-facts.ts';
import { jobPublications } from '../source-setup.ts';
import { readEnrolment } from './enrolment.ts';
import { preparationSteps, type PreparationFacts, type PreparationStep } from './preparation.ts';

export interface PrepareOptions {
  /** As a role that may create roles and publications: an administrator, not the agent. */
  readonly target: ConnectionTarget;
  readonly job: string;
  /** The role that the agent will sign in as. */
  readonly role: string;
  /** The size at which the agent drops its slot; the server's own limit should be that too. */
  readonly slotDropBytes: number;
  readonly signal: AbortSignal;
}

/** What is still missing on the server for a job; changes nothing. */
export async function planPreparation(options: PrepareOptions): Promise<PreparationStep[]> {
  await using session = await connect(options.target, { signal: options.signal });
  try {
    return preparationSteps(await readFacts(session.client, options));
  } catch (error) {
    throw serverFailure(error, `preparing ${options.target.database}`, options.signal);
  }
}

/**
 * Does what `planPreparation` lists, statement by statement. What only a person can do is in the
 * steps that it returns. Throws `source-denied` when the administrator's rights do not suffice.
 */
export async function applyPreparation(options: PrepareOptions): Promise<PreparationStep[]> {
  const steps = await planPreparation(options);
  await using session = await connect(options.target, {
    signal: options.signal,
    lockTimeoutMs: 5_000,
  });
  // The database may make read-only the default.
  await session.client.query('SET default_transaction_read_only = off');
  for (const statement of steps.flatMap(({ sql }) => sql)) {
    try {
      await session.client.query(statement);
    } catch (error) {
      if (isDatabaseError(error) && error.code === '42501')
        throw new HoldfastError('source-denied', `${statement}: ${error.message}`, {
          cause: error,
          hint: 'run it as a superuser, on RDS as the master user',
        });
      throw serverFailure(error, statement, options.signal);
    }
  }
  return steps;
}

const row = z.object({
  roleExists: z.boolean(),
  rowSecurity: z.boolean(),
  schemas: z.array(z.string()),
  openSchemas: z.array(z.string()),
  existing: z.array(z.string()),
});

async function readFacts(client: ClientBase, options: PrepareOptions): Promise<PreparationFacts> {
  const publications = jobPublications(options.job);
  const server = await readServerFacts(client);
  const ownSchemas = `FROM pg_catalog.pg_namespace
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'`;
  const { rows } = await client.query(
    `SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = $1) AS "roleExists",
       EXISTS (SELECT FROM pg_catalog.pg_class WHERE relrowsecurity AND oid >= 16384) AS "rowSecurity",
       ARRAY(SELECT nspname::text ${ownSchemas} ORDER BY 1) AS schemas,
       ARRAY(SELECT nspname::text ${ownSchemas}
         AND pg_catalog.has_schema_privilege('public', oid, 'CREATE') ORDER BY 1) AS "openSchemas",
       ARRAY(SELECT pubname::text FROM pg_catalog.pg_publication
         WHERE pubname = ANY ($2::text[])) AS existing`,
    [options.role, [publications.all, publications.keyed]],
  );
  return {
    ...row.parse(rows[0]),
    server,
    enrolment: await readEnrolment(client, publications.keyed, server.majorVersion),
    publications,
    role: options.role,
    keepMegabytes: Math.ceil(options.slotDropBytes / 2 ** 20),
  };
}
