import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ThrowawayServer } from '../../../backup-agent/drills/sandbox/throwaway-server.ts';
import { dumpSchema } from '../../../backup-agent/sources/postgres/dump-schema.ts';
import { mark } from '../../../backup-agent/sources/postgres/changes/mark.ts';
import { resolveTarget } from '../../../backup-agent/sources/postgres/connection-target.ts';
import { isHoldfastError } from '../../../backup-agent/errors/holdfast-error.ts';
import { restorePostgres } from '../../../backup-agent/sources/postgres/restore/restore-postgres.ts';
import { everythingKnownTo } from '../../fixtures/postgres/everything.ts';
import {
  connectedClient,
  environment,
  never,
  SourceFixture,
  startSourceServer,
} from '../../fixtures/postgres/source-fixture.ts';
import { embeddedVersion } from '../../support/embedded-server.ts';
import { isServerChosen, serverUnderTest } from '../../support/server-programs.ts';
import { digestTables } from './changes/support/digest.ts';

/** With whichever pg_dump an agent would use. */
async function schemaOf(server: ThrowawayServer, database: string): Promise<string> {
  const target = await resolveTarget({ url: server.url(database), environment });
  const { sql } = await dumpSchema({
    target,
    binaries: { searchPath: environment.PATH },
    variables: environment,
    excludeTables: [],
    serverMajorVersion: server.majorVersion,
    signal: never,
  });
  // A dump says which server it comes from.
  return sql.replaceAll(/^-- Dumped .*$/gm, '');
}

async function assertSame(
  [server, restored]: readonly [ThrowawayServer, string],
  [from, original]: readonly [ThrowawayServer, string],
): Promise<void> {
  await using copy = await connectedClient(server, restored);
  await using source = await connectedClient(from, original);
  for (const { client } of [copy, source])
    await client.query(`SET search_path = ''; SET timezone = 'UTC'; SET extra_float_digits = 3`);
  assert.deepEqual(await digestTables(copy.client), await digestTables(source.client));
}

/** The oldest, the newest, and the one that was chosen to test with. */
const servers = {
  'PostgreSQL 13': await embeddedVersion(13),
  'PostgreSQL 18': await embeddedVersion(18),
  ...(isServerChosen ? { 'the chosen PostgreSQL': await serverUnderTest() } : {}),
};

for (const [name, binaries] of Object.entries(servers))
  suite(name, () => {
    if (!binaries) {
      test('has no server for this platform', (t) => t.skip());
      return;
    }
    const { majorVersion } = binaries;
    test('a database that has everything is backed up, followed and restored', async () => {
      await using server = await startSourceServer({ binaries });
      await using source = await SourceFixture.create(server, 'everything');
      assert.equal(server.majorVersion, majorVersion);
      await source.query(everythingKnownTo(server));
      await source.prepare();
      if (majorVersion < 14)
        await assert.rejects(mark(source.client, 'x'), { code: 'source-unsuitable' });
      const [full] = await source.backUp('full');
      assert.deepEqual([full?.source['following'], full?.problems], [true, []]);
      await source.query(`
        UPDATE public.parent SET b = b || '!'; INSERT INTO public.no_key VALUES (77, 'late');
        INSERT INTO public.parted VALUES (55, 'eu', 'new'), (66, 'mars', 'new');
        UPDATE public.parted SET region = 'moon' WHERE id = 55;
        ALTER TABLE public.serial_table ADD COLUMN added integer DEFAULT 5;
        INSERT INTO public.serial_table DEFAULT VALUES; DELETE FROM public.all_types WHERE id = 2;
        SELECT lo_unlink(4712); SELECT lo_from_bytea(4713, 'new one')`);
      const [incremental] = await source.backUp('incremental');
      assert.deepEqual([incremental?.kind, incremental?.problems], ['incremental', []]);
      const activate = ['publications', 'event triggers'] as const;
      const target = await source.target('restored');
      const { chain } = source.repository;
      const run = source.repository.run();
      const result = await restorePostgres({ ...run, chain, target, activate });
      assert.deepEqual(result.problems, []);
      await assertSame([server, 'restored'], [server, 'everything']);
      assert.equal(await schemaOf(server, 'restored'), await schemaOf(server, 'everything'));
      await restoreElsewhere(source, majorVersion);
    });
  });

/** From 13 to the version of this machine; from 18 to it is refused, because that would be a way back. */
async function restoreElsewhere(source: SourceFixture, majorVersion: number): Promise<void> {
  await using server = await startSourceServer();
  const target = await resolveTarget({ url: server.url('moved'), environment });
  const { chain } = source.repository;
  const options = { ...source.repository.run(), chain, target, roles: 'create' as const };
  if (majorVersion > server.majorVersion) {
    await assert.rejects(restorePostgres(options), (error) => {
      assert.ok(isHoldfastError(error, 'target-unsuitable'));
      assert.match(error.message, new RegExp(`older than the ${majorVersion} that was backed up`));
      return true;
    });
    return;
  }
  const { problems } = await restorePostgres(options);
  assert.deepEqual(problems, []);
  await assertSame([server, 'moved'], [source.server, 'everything']);
}
