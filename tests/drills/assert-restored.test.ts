import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertRestored } from '../../backup-agent/drills/assert-restored.ts';
import { expectedContent } from '../../backup-agent/drills/expected-content.ts';
import { dumpSchema } from '../../backup-agent/sources/postgres/dump-schema.ts';
import { restorePostgres } from '../../backup-agent/sources/postgres/restore/restore-postgres.ts';
import { everythingKnownTo } from '../fixtures/postgres/everything.ts';
import {
  environment,
  never,
  SourceFixture,
  startSourceServer,
} from '../fixtures/postgres/source-fixture.ts';

const end = { kind: 'end' } as const;

test('a database that has everything, restored with its changes, fails no assertion', async () => {
  await using server = await startSourceServer();
  await using source = await SourceFixture.create(server, 'everything');
  await source.query(everythingKnownTo(server));
  await source.prepare();
  await source.backUp('full');
  await source.query(
    'CREATE TABLE public.later (id int PRIMARY KEY); INSERT INTO later VALUES (1)',
  );
  await source.backUp('incremental');
  const { chain } = source.repository;
  await server.createDatabase('restored');
  const target = await source.target('restored');
  const restored = await restorePostgres({ ...source.repository.run(), chain, target });
  const binaries = { searchPath: environment.PATH };
  const variables = environment;
  const { reports } = await assertRestored({
    sandbox: {
      target,
      dumpSchema: (serverMajorVersion) =>
        dumpSchema({
          target,
          binaries,
          variables,
          serverMajorVersion,
          excludeTables: [],
          signal: never,
        }),
    },
    expected: await expectedContent(chain, end, never),
    restored,
    rights: true,
    configuration: { sandbox: { type: 'local', withoutExtensions: [] }, probes: [] },
    attachments: undefined,
    signal: never,
  });
  const failed = reports.flatMap(({ findings }) =>
    findings.filter(({ outcome }) => outcome === 'failed'),
  );
  assert.deepEqual(failed, []);
  const tables = reports.find(({ assertion }) => assertion.name.startsWith('tables'));
  assert.ok((tables?.assertion.compared ?? 0) > 10, JSON.stringify(tables));
});
