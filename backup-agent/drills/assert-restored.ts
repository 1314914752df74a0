import type { Client } from 'pg';
import type { DrillConfiguration } from '../../contracts/job.ts';
import { isHoldfastError } from '../errors/holdfast-error.ts';
import { connect } from '../sources/postgres/connection.ts';
import type { RestoreResult } from '../sources/postgres/restore/restore-postgres.ts';
import { readServerFacts } from '../sources/postgres/server-facts.ts';
import { assertAll, type AssertionReport, type Comparison } from './assertion.ts';
import { compareAttachments, type RestoredAttachments } from './assertions/attachments.ts';
import { compareConstraints } from './assertions/constraints.ts';
import { compareExtensions } from './assertions/extensions.ts';
import { checkIndexes } from './assertions/indexes.ts';
import {
  compareMaskedStream,
  compareUnmasked,
  findSurvivors,
  maskedExpectation,
} from './assertions/masked-values.ts';
import { compareLargeObjects } from './assertions/large-objects.ts';
import { runProbes } from './assertions/probes.ts';
import { compareRoles } from './assertions/roles.ts';
import { compareSchemas } from './assertions/schema-objects.ts';
import { compareSequences } from './assertions/sequences.ts';
import { compareTables } from './assertions/tables.ts';
import type { ExpectedContent } from './expected-content.ts';
import type { Sandbox } from './sandbox/sandbox.ts';

export interface RestoredContent {
  readonly sandbox: Pick<Sandbox, 'target' | 'dumpSchema'>;
  readonly expected: ExpectedContent;
  readonly restored: Pick<RestoreResult, 'inexact' | 'skippedExtensions' | 'masking'>;
  /** Whether owners, roles and grants were restored. */
  readonly rights: boolean;
  readonly configuration: DrillConfiguration;
  /** When the job has attachments. */
  readonly attachments: RestoredAttachments | undefined;
  readonly signal: AbortSignal;
}

export interface AssertedContent {
  readonly reports: readonly AssertionReport[];
  readonly serverVersion: string;
}

type NamedAssertion = readonly [string, AsyncIterable<Comparison> | Iterable<Comparison>];

/**
 * Asserts the restored content. Tables are read once, and meanwhile everything else is asserted by
 * another session, one assertion after another.
 */
export async function assertRestored(content: RestoredContent): Promise<AssertedContent> {
  const { expected, sandbox, signal } = content;
  await using session = await connect(sandbox.target, { signal });
  await using other = await connect(sandbox.target, { signal });
  const { version, majorVersion } = await readServerFacts(session.client);
  const otherVersion = majorVersion !== expected.inventory.server.majorVersion;
  const inTurn = async (assertions: Iterable<NamedAssertion>) => {
    const reports: AssertionReport[] = [];
    for (const [name, comparisons] of assertions)
      reports.push(await assertAll(name, comparisons, signal));
    return reports;
  };
  const reports = await Promise.all([
    inTurn(contentAssertions(content, session.client, otherVersion)),
    inTurn(otherAssertions(content, other.client, majorVersion)),
  ]);
  return { reports: reports.flat(), serverVersion: version };
}

function* contentAssertions(
  { expected, restored }: RestoredContent,
  client: Client,
  otherVersion: boolean,
): Generator<NamedAssertion> {
  const { skippedExtensions, inexact, masking } = restored;
  const wanted = masking ? maskedExpectation(masking, expected.tables) : expected.tables;
  const tables = { expected: wanted, otherVersion, inexact, skippedExtensions };
  if (masking)
    yield ['what was masked is what was backed up', compareMaskedStream(masking, expected.tables)];
  const name = masking ? 'tables hold what was masked' : 'tables hold what was backed up';
  yield [name, compareTables(client, tables)];
  if (masking) {
    const { count } = expected.largeObjects;
    yield ['no masked value survives', findSurvivors(client, masking, expected.tables)];
    yield ['nothing personal is without a rule', compareUnmasked(masking, count)];
  }
}

function* otherAssertions(
  content: RestoredContent,
  client: Client,
  majorVersion: number,
): Generator<NamedAssertion> {
  const { expected, restored, rights, configuration, attachments } = content;
  const { inventory, schema, sequences, largeObjects } = expected;
  const { skippedExtensions } = restored;
  if (largeObjects.count + largeObjects.unreadable > 0)
    yield ['large objects are there', compareLargeObjects(client, largeObjects)];
  yield ['the schema is whole, with its grants', compareSchema(content, majorVersion)];
  yield ['constraints hold', compareConstraints(client, schema, skippedExtensions)];
  yield ['indexes are sound', checkIndexes(client)];
  if (sequences.length > 0)
    yield ['sequences are ahead of their columns', compareSequences(client, sequences)];
  if (inventory.extensions.length > 0)
    yield [
      'extensions are the same',
      compareExtensions(client, inventory.extensions, skippedExtensions),
    ];
  if (rights && inventory.roles.length > 0)
    yield ['roles are there', compareRoles(client, inventory.roles)];
  if (configuration.probes.length > 0)
    yield ['probes answer as expected', runProbes(client, configuration.probes)];
  if (configuration.attachments && attachments)
    yield [
      'every attachment row has its file',
      compareAttachments(client, configuration.attachments.query, attachments),
    ];
}

/** Without a pg_dump on this host the schema stays unproven. */
async function* compareSchema(
  { sandbox, expected, restored, rights }: RestoredContent,
  majorVersion: number,
): AsyncGenerator<Comparison> {
  let dumped: Awaited<ReturnType<Sandbox['dumpSchema']>>;
  try {
    dumped = await sandbox.dumpSchema(majorVersion);
  } catch (error) {
    if (!isHoldfastError(error, 'tool-missing')) throw error;
    yield { subject: 'schema', outcome: 'unproven', what: error.message };
    return;
  }
  const { schema, inventory } = expected;
  const { skippedExtensions } = restored;
  const { dumpVersion } = inventory;
  yield* compareSchemas({ entries: schema, dumpVersion, skippedExtensions, rights }, dumped);
  if (!rights)
    yield { subject: 'grants', outcome: 'unproven', what: 'are not restored to a borrowed server' };
}
