import type { ClientBase } from 'pg';
import { z } from 'zod';
import { isHoldfastError } from '../../errors/holdfast-error.ts';
import type { Finding, Preflight, SourceContext } from '../source.ts';
import { coverageFix, tableCoverage } from './changes/coverage.ts';
import { quoteQualified } from './changes/quote.ts';
import { judgeSlot, slotStatus } from './changes/slot.ts';
import { readTables } from './changes/table-catalog.ts';
import { connect } from './connection.ts';
import { findDumpProgram } from './dump/dump-program.ts';
import { judgeFullDuration, readFullFacts } from './full-duration.ts';
import { readEnrolment } from './prepare/enrolment.ts';
import { readServerFacts, whyNoFollowing, type ServerFacts } from './server-facts.ts';
import { slotsOfJob } from './slots.ts';
import { jobPublications, leavesOut, type SourceSetup } from './source-setup.ts';

const prepareHint = '`holdfast source prepare <job> --admin <url>` prints the SQL';

/** Everything that stands in the way of a backup; changes nothing on the server. */
export async function examine(setup: SourceSetup, context: SourceContext): Promise<Preflight> {
  await using session = await connect(setup.target, { signal: context.signal });
  const { client } = session;
  const facts = await readServerFacts(client);
  const findings = [
    ...(await examineTools(setup, facts)),
    ...(await examineFollowing(client, setup, facts)),
    ...(await examineTables(client, setup, facts)),
    ...(await examineSlots(client, setup)),
  ];
  return { findings };
}

async function examineTools(setup: SourceSetup, facts: ServerFacts): Promise<Finding[]> {
  try {
    const { path, majorVersion } = await findDumpProgram(setup.binaries, facts.majorVersion);
    if (path !== undefined) return [];
    const what = `none that fits PostgreSQL ${facts.majorVersion} is installed: the bundled one of version ${majorVersion} is used`;
    return [{ severity: 'info', where: 'pg_dump', what }];
  } catch (error) {
    if (!isHoldfastError(error, 'tool-missing')) throw error;
    return [{ severity: 'error', where: 'pg_dump', what: error.message, fix: error.hint }];
  }
}

async function examineFollowing(
  client: ClientBase,
  setup: SourceSetup,
  facts: ServerFacts,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const obstacle = await whyNoFollowing(client, facts, jobPublications(setup.job));
  if (obstacle !== undefined)
    findings.push({
      severity: 'warning',
      where: 'incrementals',
      what: `only fulls are possible: ${obstacle}`,
      fix: prepareHint,
    });
  if (facts.slotsLimit - facts.slotsUsed < 2)
    findings.push({
      severity: 'warning',
      where: 'max_replication_slots',
      what: `${facts.slotsUsed} of ${facts.slotsLimit} are taken; a full needs two more for a while`,
      fix: `max_replication_slots = ${facts.slotsUsed + 4}, and a restart`,
    });
  if (facts.keepMegabytes < 0)
    findings.push({
      severity: 'warning',
      where: 'max_slot_wal_keep_size',
      what: 'is not set: a slot that nobody reads fills the disk of the server',
      fix: prepareHint,
    });
  const full = await readFullFacts(client, facts);
  return [...findings, ...(full ? judgeFullDuration(full) : [])];
}

const hidden = z.object({ schema: z.string(), name: z.string(), why: z.string() });

/** Rows that the role cannot see make a backup incomplete, so COPY would fail on them. */
const hiddenQuery = `
SELECT n.nspname AS schema, c.relname AS name,
  CASE WHEN NOT has_table_privilege(c.oid, 'SELECT') THEN 'the role may not read it'
  ELSE 'row-level security hides rows from the role' END AS why
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e'
    AND d.classid = 'pg_catalog.pg_class'::regclass)
  AND (NOT has_schema_privilege(n.oid, 'USAGE') OR NOT has_table_privilege(c.oid, 'SELECT')
    OR (c.relrowsecurity
    AND NOT (SELECT rolsuper OR rolbypassrls FROM pg_catalog.pg_roles WHERE rolname = current_user)
    AND (c.relforcerowsecurity OR NOT pg_has_role(c.relowner, 'USAGE'))))
ORDER BY 1, 2`;

async function examineTables(
  client: ClientBase,
  setup: SourceSetup,
  facts: ServerFacts,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const table of z.array(hidden).parse((await client.query(hiddenQuery)).rows)) {
    if (leavesOut(setup, table)) continue;
    findings.push({
      severity: 'error',
      where: quoteQualified(table.schema, table.name),
      what: table.why,
      fix: `${prepareHint}; or leave the table out with excludeData`,
    });
  }
  const names = jobPublications(setup.job);
  const tables = await readTables(client, [names.all, names.keyed], facts.majorVersion);
  for (const table of tables) {
    const { level, reason } = tableCoverage(table);
    if (level === 'commit' || table.extension !== null || leavesOut(setup, table)) continue;
    const where = quoteQualified(table.schema, table.name);
    const what =
      level === 'none'
        ? `not covered: ${reason ?? 'its rows are not here'}`
        : `restored to an incremental's end, not to any commit: ${reason ?? 'it cannot be followed'}`;
    const sql = coverageFix(table, where);
    const fix = sql === undefined ? prepareHint : `${sql}; then ${prepareHint}`;
    findings.push({ severity: 'info', where, what, ...(level === 'none' ? {} : { fix }) });
  }
  const { harmful } = await readEnrolment(client, names.keyed, facts.majorVersion);
  for (const { schema, name } of harmful)
    findings.push({
      severity: 'error',
      where: quoteQualified(schema, name),
      what: 'has lost its identity while its updates are published: the application’s updates and deletes fail',
      fix: `ALTER PUBLICATION "${names.keyed}" DROP TABLE ONLY ${quoteQualified(schema, name)}`,
    });
  return findings;
}

async function examineSlots(client: ClientBase, setup: SourceSetup): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const name of await slotsOfJob(client, setup.job)) {
    const status = await slotStatus(client, name);
    if (!status) continue;
    const verdict = judgeSlot(status, setup.slot);
    if (verdict.action !== 'none')
      findings.push({ severity: 'warning', where: `slot ${name}`, what: verdict.why });
  }
  return findings;
}
