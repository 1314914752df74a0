import type { DrillConfiguration } from '../../contracts/job.ts';
import { connect } from '../sources/postgres/connection.ts';
import type { ConnectionTarget } from '../sources/postgres/connection-target.ts';
import { assertAll, type AssertionReport } from './assertion.ts';
import { compareAttachments } from './assertions/attachments.ts';
import { runProbes } from './assertions/probes.ts';
import { compareTables } from './assertions/tables.ts';
import type { ExpectedTable } from './expected-tables.ts';

export interface RestoredContent {
  readonly target: ConnectionTarget;
  readonly tables: readonly ExpectedTable[];
  readonly configuration: DrillConfiguration;
  /** Where the attachments were restored to, when the job has some. */
  readonly filesRoot: string | undefined;
  readonly signal: AbortSignal;
}

/** Asserts the restored content, one assertion after another; each reads what it needs once. */
export async function assertRestored(content: RestoredContent): Promise<AssertionReport[]> {
  const { configuration, filesRoot, signal } = content;
  await using session = await connect(content.target, { signal });
  const { client } = session;
  const reports = [
    await assertAll(
      'tables hold what was backed up',
      compareTables(client, content.tables),
      signal,
    ),
  ];
  if (configuration.probes.length > 0)
    reports.push(
      await assertAll('probes answer as expected', runProbes(client, configuration.probes), signal),
    );
  if (configuration.attachments && filesRoot !== undefined)
    reports.push(
      await assertAll(
        'every attachment row has its file',
        compareAttachments(client, configuration.attachments.query, filesRoot),
        signal,
      ),
    );
  return reports;
}
