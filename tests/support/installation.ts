import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { startThrowawayServer } from '../../backup-agent/drills/sandbox/throwaway-server.ts';
import type { ServerBinaries } from '../../backup-agent/tools/postgres-binaries.ts';
import { writeInstallation } from '../../rehearsal/configuration.ts';
import { writeAttachments } from '../../rehearsal/crm/attachments.ts';
import { insertAttachments, type Crm } from '../../rehearsal/crm/crm.ts';
import { holdfast, type CliResult } from './holdfast.ts';
import { serverUnderTest } from './server-programs.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** A small CRM on a private server, with keys, a configuration and nothing backed up yet. */
export interface TestInstallation extends AsyncDisposable {
  readonly directory: string;
  readonly crm: Crm;
  readonly identityFile: string;
  readonly configFile: string;
  /** Runs the command line with this installation's configuration. */
  readonly run: (...argv: string[]) => Promise<CliResult>;
  readonly sql: (statements: string) => Promise<void>;
}

const smallCrm = `
  CREATE SCHEMA crm;
  CREATE TABLE crm.deals (id integer PRIMARY KEY, title text NOT NULL, amount numeric(12,2));
  CREATE TABLE crm.attachments (
    id integer PRIMARY KEY,
    deal_id integer NOT NULL REFERENCES crm.deals,
    path text NOT NULL UNIQUE,
    sha256 text NOT NULL,
    size_bytes bigint NOT NULL
  );
  CREATE SEQUENCE crm.invoice_number;
  CREATE VIEW crm.pipeline AS SELECT generate_series(1, 5) AS stage;
  ALTER TABLE crm.deals ADD invoice_number bigint DEFAULT nextval('crm.invoice_number');
  INSERT INTO crm.deals (id, title, amount)
    SELECT n, '合同 "' || n || '"', n * 1.25 FROM generate_series(1, 2000) n;
`;

/** `server`: of another version than the newest that is installed. */
export async function testInstallation(
  attachments = 20,
  server?: ServerBinaries,
): Promise<TestInstallation> {
  await using resources = new AsyncDisposableStack();
  const { path: directory } = resources.use(await temporaryDirectory());
  const started = resources.use(
    await startThrowawayServer({
      binaries: server ?? (await serverUnderTest()),
      settings: { wal_level: 'logical', max_slot_wal_keep_size: '1GB' },
    }),
  );
  const crm = { url: await started.createDatabase('crm'), folder: join(directory, 'attachments') };
  await mkdir(crm.folder);
  const sql = async (statements: string) => {
    const client = new Client({ connectionString: crm.url });
    await client.connect();
    try {
      await client.query(statements);
    } finally {
      await client.end();
    }
  };
  await sql(smallCrm);
  const client = new Client({ connectionString: crm.url });
  await client.connect();
  await insertAttachments(client, await writeAttachments(crm.folder, 1, attachments));
  await client.end();
  const installation = await writeInstallation(directory, crm, () => new Date());
  const run = (...argv: string[]) => holdfast(['--config', installation.configFile, ...argv]);
  const prepared = await run('source', 'prepare', 'crm-database', '--admin', crm.url, '--apply');
  if (prepared.exitCode !== 0) throw new Error(prepared.stderr);
  const owned = resources.move();
  return {
    directory,
    crm,
    ...installation,
    sql,
    run,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
