import assert from 'node:assert/strict';
import { link, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { execa } from 'execa';
import { Client } from 'pg';
import { parse, stringify } from 'yaml';
import { startThrowawayServer } from '../../backup-agent/drills/sandbox/throwaway-server.ts';
import { findServerBinaries } from '../../backup-agent/tools/postgres-binaries.ts';
import { testInstallation } from '../support/installation.ts';
import { needing } from '../support/programs.ts';

/** The page's own commands, by the number of their section. */
async function commandsOf(recoverPage: string, sections: readonly string[]): Promise<string> {
  const page = await readFile(recoverPage, 'utf8');
  const blocks = [...page.matchAll(/^## (\d[ab]?)\. .*?^```sh\n(.*?)^```/gms)];
  const wanted = blocks.filter(([, number]) => sections.includes(number ?? ''));
  assert.equal(wanted.length, sections.length);
  return ['set -eu', ...wanted.map(([, , commands]) => commands)].join('\n');
}

async function runPage(
  repository: string,
  sections: readonly string[],
  env: Record<string, string>,
): Promise<{ exitCode: number | undefined; all: string }> {
  const script = await commandsOf(join(repository, 'RECOVER.md'), sections);
  const { exitCode, all } = await execa('sh', ['-c', script], {
    cwd: repository,
    env,
    all: true,
    reject: false,
  });
  return { exitCode, all };
}

describe(
  'by RECOVER.md alone, with age, zstd, tar, psql and openssl',
  needing('age', 'zstd', 'tar', 'psql', 'openssl'),
  () => {
    test('a database and its attachments come back, and a changed object is noticed', async () => {
      await using installation = await testInstallation(6);
      const { directory, configFile, identityFile, run, sql } = installation;
      await sql(`
      CREATE TABLE crm."odd ""名"" 🎉" (id int PRIMARY KEY, "a\nb" text);
      INSERT INTO crm."odd ""名"" 🎉" VALUES (1, E'tab\\tand \\\\. and \\n newline'), (2, NULL);
      SELECT setval('crm.invoice_number', 4711);
      SELECT lo_from_bytea(777, '\\xdeadbeef')`);
      // Larger than a segment, so it is stored in parts.
      const large = join(installation.crm.folder, "a 'large' file");
      await writeFile(large, Buffer.alloc(2_500_000, 'large'), { mode: 0o640 });
      const secondName = join(installation.crm.folder, 'z second name');
      await link(large, secondName);
      const configuration = parse(await readFile(configFile, 'utf8'));
      configuration.jobs['crm-attachments'].source.segmentSize = '1MiB';
      await writeFile(configFile, stringify(configuration, { lineWidth: 0 }));
      const backup = await run('backup', 'crm', '--json');
      assert.ok(backup.exitCode === 0 || backup.exitCode === 5, backup.stderr);
      const [database, files] = JSON.parse(backup.stdout);
      const { keys } = parse(await readFile(configFile, 'utf8'));
      const writer = keys.trusted.find(({ role }: { role: string }) => role === 'writer').publicKey;
      const repository = join(directory, 'primary');
      // The page makes a folder for itself with mktemp.
      const common = { IDENTITY: identityFile, WRITER: writer, TMPDIR: directory };

      await using server = await startThrowawayServer({
        binaries: await findServerBinaries({ searchPath: process.env['PATH'] }),
      });
      const url = await server.createDatabase('recovered');
      const ofDatabase = { ...common, JOB: 'crm-database', BACKUP: database.id, DATABASE: url };
      const recovered = await runPage(repository, ['1', '2', '3', '4a'], ofDatabase);
      assert.equal(recovered.exitCode, 0, recovered.all);
      assert.match(recovered.all, /loaded \d+ tables/);
      const client = new Client({ connectionString: url });
      await client.connect();
      const { rows } = await client.query(`
      SELECT (SELECT count(*)::int FROM crm.deals) AS deals,
        (SELECT string_agg("a\nb", ',') FROM crm."odd ""名"" 🎉") AS text,
        (SELECT last_value::int FROM crm.invoice_number) AS invoice,
        (SELECT count(*)::int FROM pg_constraint WHERE contype = 'f') AS keys`);
      await client.end();
      assert.deepEqual(rows[0], {
        deals: 2000,
        text: 'tab\tand \\. and \n newline',
        invoice: 4711,
        keys: 1,
      });

      const target = join(directory, 'recovered-files');
      await mkdir(target);
      const ofFiles = { ...common, JOB: 'crm-attachments', BACKUP: files.id, TARGET: target };
      const unpacked = await runPage(repository, ['1', '3', '4b'], ofFiles);
      assert.equal(unpacked.exitCode, 0, unpacked.all);
      await execa('diff', ['-r', installation.crm.folder, target]);
      const joined = await stat(join(target, "a 'large' file"));
      assert.equal(joined.mode & 0o777, 0o640);
      assert.equal(joined.mtimeMs, (await stat(large)).mtimeMs);
      assert.equal((await stat(join(target, 'z second name'))).ino, joined.ino);

      const objects = join(repository, 'jobs', 'crm-attachments', files.id, 'objects');
      const [first = ''] = await readdir(objects);
      const bytes = await readFile(join(objects, first));
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      await writeFile(join(objects, first), bytes);
      const refused = await runPage(repository, ['1', '3'], ofFiles);
      assert.notEqual(refused.exitCode, 0);
      assert.match(refused.all, /FAILED/);
    });
  },
);
