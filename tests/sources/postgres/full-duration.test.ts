import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  judgeFullDuration,
  readFullFacts,
} from '../../../backup-agent/sources/postgres/full-duration.ts';
import { readServerFacts } from '../../../backup-agent/sources/postgres/server-facts.ts';
import { SourceFixture, startSourceServer } from '../../fixtures/postgres/source-fixture.ts';

const gibibyte = 2 ** 30;

test('a full in which the server writes more log than it keeps is warned of, with the figures', () => {
  const facts = { tableBytes: 300 * gibibyte, walBytesPerSecond: 2 ** 20, keepMegabytes: 8192 };
  const [finding] = judgeFullDuration(facts);
  assert.equal(finding?.severity, 'warning');
  assert.match(finding?.what ?? '', /171 minutes, .* about 10240 MB of log .* it keeps 8192 MB/);
  assert.deepEqual(judgeFullDuration({ ...facts, keepMegabytes: 16_384 }), []);
  assert.deepEqual(judgeFullDuration({ ...facts, keepMegabytes: -1 }), []);
  assert.deepEqual(judgeFullDuration({ ...facts, walBytesPerSecond: 0 }), []);
});

test('the figures are the server’s own, and the least role may read them', async () => {
  await using server = await startSourceServer({
    settings: { wal_level: 'logical', max_slot_wal_keep_size: '1MB' },
  });
  await using source = await SourceFixture.create(server, 'figures');
  await source.query(
    `CREATE TABLE t AS SELECT n, repeat('x', 500) FROM generate_series(1, 20000) n`,
  );
  await source.prepare('figures_role');
  await source.query('SET ROLE figures_role');
  const facts = await readFullFacts(source.client, await readServerFacts(source.client));
  // It keeps no figures of its log.
  if (server.majorVersion < 14) return assert.equal(facts, undefined);
  assert.ok(facts && facts.tableBytes > 10_000_000 && facts.walBytesPerSecond > 0);
  assert.equal(facts.keepMegabytes, 1);
});
