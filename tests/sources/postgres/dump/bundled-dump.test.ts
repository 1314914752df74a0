import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import * as fc from 'fast-check';
import type { ThrowawayServer } from '../../../../backup-agent/drills/sandbox/throwaway-server.ts';
import { connect } from '../../../../backup-agent/sources/postgres/connection.ts';
import {
  dumpSchema,
  withoutRestriction,
} from '../../../../backup-agent/sources/postgres/dump-schema.ts';
import {
  bundledMajorVersion,
  runBundledDump,
} from '../../../../backup-agent/sources/postgres/dump/bundled-dump.ts';
import { findDumpProgram } from '../../../../backup-agent/sources/postgres/dump/dump-program.ts';
import { MessageCounter } from '../../../../backup-agent/sources/postgres/dump/message-counter.ts';
import { parseSchemaScript } from '../../../../backup-agent/sources/postgres/restore/schema-script.ts';
import { everythingKnownTo } from '../../../fixtures/postgres/everything.ts';
import {
  dumpOf,
  environment,
  never,
  SourceFixture,
  startSourceServer,
} from '../../../fixtures/postgres/source-fixture.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

let server: ThrowawayServer;
let source: SourceFixture;
before(async () => {
  server = await startSourceServer();
  source = await SourceFixture.create(server, 'everything');
  await source.query(everythingKnownTo(server));
});
after(async () => {
  await source[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function dump(args: readonly string[], signal = never) {
  await using session = await connect(await source.target(), { signal });
  return await runBundledDump(session, args, signal);
}

/** Newer versions give a sequence or view away as what it is, and put one space less. */
function definitions(sql: string): string[] {
  return parseSchemaScript(sql).map(({ type, schema, name, sql: text }) =>
    [type, schema, name, text.replaceAll(/ {2,}/g, ' ').trimEnd()].join(' | '),
  );
}

test('the bundled pg_dump says of a database that has everything what the installed one says', async () => {
  const { stdout, failure } = await dump(['--schema-only']);
  assert.equal(failure, undefined);
  assert.match(stdout, new RegExp(`^-- Dumped by pg_dump version ${bundledMajorVersion}\\.`, 'm'));
  const installed = await dumpOf(server, 'everything', '--schema-only');
  assert.ok(definitions(installed).length > 100);
  assert.deepEqual(definitions(withoutRestriction(stdout)), definitions(installed));
});

for (const which of ['installed', 'bundled'] as const)
  test(`of the fence around a script of the ${which} pg_dump nothing is left, of lines like it in a body everything`, async () => {
    const body = String.raw`
\restrict abc
\RESTRICT
  \restrict abc
\unrestrict abc
`;
    await source.query(`CREATE OR REPLACE FUNCTION public.fenced() RETURNS text LANGUAGE sql
      AS $$SELECT '${body}'$$; COMMENT ON FUNCTION public.fenced() IS '${body}'`);
    const sql =
      which === 'installed'
        ? await installedDump()
        : withoutRestriction((await dump(['--schema-only'])).stdout);
    assert.equal(sql.split(body).length, 3);
    assert.equal(sql.replaceAll(body, '').match(/restrict /), null);
    assert.match(sql, /-- PostgreSQL database dump complete\n--\s*$/);
  });

async function installedDump(): Promise<string> {
  const { sql } = await dumpSchema({
    target: await source.target(),
    binaries: { searchPath: environment.PATH },
    variables: environment,
    excludeTables: [],
    serverMajorVersion: server.majorVersion,
    signal: never,
  });
  return sql;
}

test('a script without a fence stays as it is', () => {
  const sql =
    '--\n-- PostgreSQL database dump\n--\n\n-- Dumped\n\\restrict abc\n\\unrestrict abc\n';
  assert.equal(withoutRestriction(sql), sql);
});

test('it fails with its own words, also when its session is ended', async () => {
  const { failure } = await dump(['--schema-only', '--snapshot=none']);
  assert.match(failure ?? '', /invalid snapshot identifier/);
  await using session = await connect(await source.target(), { signal: never });
  await using locker = await connect(await source.target(), { signal: never });
  await locker.client.query('BEGIN; LOCK TABLE public.no_key IN ACCESS EXCLUSIVE MODE');
  const ending = runBundledDump(session, ['--schema-only'], never);
  // It stands waiting for the table, amid its work.
  const waiting = `SELECT FROM pg_locks WHERE pid = ${session.pid} AND NOT granted`;
  while ((await source.query(waiting)).length === 0) await delay(20);
  await source.query(`SELECT pg_terminate_backend(${session.pid})`);
  assert.match((await ending).failure ?? '', /terminating connection|server closed/);
});

test('an abort ends it', async () => {
  const stop = new AbortController();
  const running = dump(['--schema-only'], stop.signal);
  setImmediate(() => stop.abort(new Error('stopped by the test')));
  await assert.rejects(running, /stopped by the test|aborted/);
});

test('it stands in for an installed one, but not for a configured one or for a newer server', async () => {
  await using empty = await temporaryDirectory();
  const newer = bundledMajorVersion + 1;
  await assert.rejects(findDumpProgram({ folder: empty.path }, 15), { code: 'tool-missing' });
  await assert.rejects(findDumpProgram({ searchPath: '' }, newer), { code: 'tool-missing' });
  const { majorVersion } = await findDumpProgram({ searchPath: '' }, bundledMajorVersion);
  assert.equal(majorVersion, bundledMajorVersion);
});

test('messages are counted wherever the stream is cut', () => {
  const message = fc.tuple(fc.constantFrom('Z', 'Q', 'D'), fc.uint8Array({ maxLength: 20 }));
  fc.assert(
    fc.property(
      fc.array(message),
      fc.infiniteStream(fc.integer({ min: 1, max: 7 })),
      (messages, cuts) => {
        const stream = Buffer.concat(
          messages.map(([type, body]) => {
            const head = Buffer.alloc(5);
            head.write(type, 'latin1');
            head.writeUInt32BE(4 + body.length, 1);
            return Buffer.concat([head, body]);
          }),
        );
        const counter = new MessageCounter('ZQ');
        let found = 0;
        for (let at = 0; at < stream.length;) {
          const length = cuts.next().value ?? 1;
          found += counter.count(stream.subarray(at, at + length));
          at += length;
        }
        assert.equal(found, messages.filter(([type]) => type !== 'D').length);
      },
    ),
  );
});
