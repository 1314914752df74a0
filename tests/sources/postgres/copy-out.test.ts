import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { after, before, test } from 'node:test';
import * as fc from 'fast-check';
import type { Connection } from 'pg';
import type { ThrowawayServer } from '../../../backup-agent/drills/sandbox/throwaway-server.ts';
import { copyQuery } from '../../../backup-agent/sources/postgres/copy-out.ts';
import { CopyOutQuery } from '../../../backup-agent/sources/postgres/copy-out-query.ts';
import { connectedClient, startSourceServer } from '../../fixtures/postgres/source-fixture.ts';

let server: ThrowawayServer;
before(async () => {
  server = await startSourceServer();
  await server.createDatabase('copied');
});
after(() => server[Symbol.asyncDispose]());

async function gathered(blocks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(blocks));
}

test('rows of every size come whole and in order, and the session goes on', async () => {
  await using session = await connectedClient(server, 'copied');
  const { client } = session;
  const query = `SELECT n, repeat(chr(97 + n % 26), CASE WHEN n % 100 = 0 THEN n * 1500 ELSE n % 700 END)
    FROM generate_series(1, 1500) n ORDER BY n`;
  const { rows } = await client.query({ text: query, rowMode: 'array' });
  const expected = rows.map((row) => `${row.join('\t')}\n`).join('');
  assert.ok(expected.length > 15_000_000);
  for (let round = 0; round < 2; round += 1)
    assert.ok((await gathered(copyQuery(client, query))).equals(Buffer.from(expected)));
  assert.equal((await gathered(copyQuery(client, 'SELECT 1 WHERE false'))).length, 0);
  assert.equal((await client.query('SELECT 7 AS seven')).rows[0].seven, 7);
});

test('an error amid the rows is the error of the copy, and the session goes on', async () => {
  await using session = await connectedClient(server, 'copied');
  const { client } = session;
  const failing = 'SELECT repeat($$x$$, 5000), 1 / (1500 - n) FROM generate_series(1, 3000) n';
  await assert.rejects(gathered(copyQuery(client, failing)), { code: '22012' });
  await assert.rejects(gathered(copyQuery(client, 'SELECT no_such_column')), { code: '42703' });
  assert.equal((await gathered(copyQuery(client, 'SELECT 7'))).toString(), '7\n');
});

test('notices between the rows reach the client and disturb nothing', async () => {
  await using session = await connectedClient(server, 'copied');
  const { client } = session;
  await client.query(`CREATE FUNCTION public.loud(n int) RETURNS int LANGUAGE plpgsql
    AS $$ BEGIN RAISE NOTICE '%', repeat('d', n % 300); RETURN n; END $$`);
  let notices = 0;
  client.on('notice', () => (notices += 1));
  const text = await gathered(
    copyQuery(client, 'SELECT public.loud(n) FROM generate_series(1, 5000) n'),
  );
  assert.equal(text.toString(), Array.from({ length: 5000 }, (_, at) => `${at + 1}\n`).join(''));
  assert.equal(notices, 5000);
});

test('whoever leaves early ends the session instead of leaving the next query to wait', async () => {
  await using session = await connectedClient(server, 'copied');
  const { client } = session;
  const endless =
    'SELECT repeat($$x$$, 1000) FROM generate_series(1, 3000) a, generate_series(1, 3000) b';
  for await (const block of copyQuery(client, endless)) {
    assert.equal(block.length, 1024 * 1024);
    break;
  }
  await assert.rejects(client.query('SELECT 1'));
});

test('a connection that breaks amid the rows fails the copy', async () => {
  await using session = await connectedClient(server, 'copied');
  await using other = await connectedClient(server, 'copied');
  const endless =
    'SELECT repeat($$x$$, 1000) FROM generate_series(1, 3000) a, generate_series(1, 3000) b';
  await assert.rejects(async () => {
    for await (const _ of copyQuery(session.client, endless))
      await other.client.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE $1 AND pid <> pg_backend_pid()',
        ['COPY%3000) b%'],
      );
  });
});

test('while nobody reads, the server waits', async () => {
  await using session = await connectedClient(server, 'copied');
  await using other = await connectedClient(server, 'copied');
  const rows = copyQuery(
    session.client,
    'SELECT repeat($$x$$, 1000) FROM generate_series(1, 50000) /* slow */',
  );
  let bytes = (await rows.next()).value?.length ?? 0;
  for (;;) {
    const { rows: waiting } = await other.client.query(
      `SELECT wait_event FROM pg_stat_activity WHERE query LIKE 'COPY%/* slow */%' AND state = 'active'
       AND pid <> pg_backend_pid()`,
    );
    if (waiting[0]?.wait_event === 'ClientWrite') break;
    assert.ok(waiting.length > 0, 'the server has sent everything');
  }
  for await (const block of rows) bytes += block.length;
  assert.equal(bytes, 50_000 * 1001);
});

/** A connection in name: what the server would say is written into its stream. */
function madeUpConnection() {
  const stream = new PassThrough();
  const parsed: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => parsed.push(Buffer.from(chunk)));
  const connection = Object.assign(new EventEmitter(), { stream, query() {} });
  // As much of a connection as the query touches.
  return { stream, parsed, connection: connection as unknown as Connection };
}

function message(type: string, body: Uint8Array): Buffer {
  const header = Buffer.alloc(5, type);
  header.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
}

test('messages cut anywhere: rows go to the reader, everything else to the driver', async () => {
  const piece = fc.record({
    notice: fc.option(fc.uint8Array({ maxLength: 20 }), { nil: undefined }),
    row: fc.uint8Array({ maxLength: 40 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(piece), fc.integer({ min: 1, max: 64 }), async (pieces, cut) => {
      const { stream, parsed, connection } = madeUpConnection();
      const query = new CopyOutQuery('COPY');
      query.submit(connection);
      const others = [
        message('H', Buffer.alloc(3)),
        ...pieces.flatMap(({ notice }) => (notice ? [message('N', notice)] : [])),
        message('c', Buffer.alloc(0)),
        message('C', Buffer.from('COPY 1\0')),
      ];
      const sent = Buffer.concat([
        message('H', Buffer.alloc(3)),
        ...pieces.flatMap(({ notice, row }) => [
          ...(notice ? [message('N', notice)] : []),
          message('d', row),
        ]),
        message('c', Buffer.alloc(0)),
        message('C', Buffer.from('COPY 1\0')),
      ]);
      for (let at = 0; at < sent.length; at += cut)
        stream.write(Uint8Array.from(sent.subarray(at, at + cut)));
      stream.end();
      stream.once('end', () => query.handleReadyForQuery());
      const text = await gathered(query.blocks());
      assert.deepEqual(text, Buffer.concat(pieces.map(({ row }) => row)));
      assert.deepEqual(Buffer.concat(parsed), Buffer.concat(others));
    }),
  );
});
