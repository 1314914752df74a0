import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { isHoldfastError } from '../../../backup-agent/errors/holdfast-error.ts';
import { connect } from '../../../backup-agent/sources/postgres/connection.ts';
import { openTarget } from '../../../backup-agent/sources/postgres/restore/open-target.ts';
import {
  clientVariables,
  resolveTarget,
} from '../../../backup-agent/sources/postgres/connection-target.ts';
import { findPassword } from '../../../backup-agent/sources/postgres/password-file.ts';
import { never } from '../../fixtures/postgres/source-fixture.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

test('the URL goes before the service file, that before the variables', async () => {
  await using dir = await temporaryDirectory();
  const file = join(dir.path, 'services');
  await writeFile(file, '[other]\nhost=wrong\n[crm]\n# a remark\nhost = from-service\nport=6000\n');
  const target = await resolveTarget({
    url: 'postgresql://me@/db%20name?service=crm&sslmode=verify-ca',
    environment: { PGSERVICEFILE: file, PGPORT: '7000', PGHOST: 'from-variable', PGUSER: 'you' },
  });
  const { host, port, user, database, tls } = target;
  assert.deepEqual(
    { host, port, user, database, tls },
    { host: 'from-service', port: 6000, user: 'me', database: 'db name', tls: 'verify-ca' },
  );
});

test('names in a URL are decoded whole', async () => {
  const name = `a "b"; c#/?&=+$,:@%库`;
  const [user, database] = [encodeURIComponent(`${name}u`), encodeURIComponent(name)];
  const target = await resolveTarget({ url: `postgres://${user}@h/${database}`, environment: {} });
  assert.deepEqual([target.user, target.database], [`${name}u`, name]);
  const url = 'postgres://u@h/%E0%A4%A';
  await assert.rejects(resolveTarget({ url, environment: {} }), { code: 'config-invalid' });
});

test('an unknown service, port or sslmode is refused by name', async () => {
  const environment = { HOME: '/nonexistent', PGSYSCONFDIR: '/nonexistent' };
  for (const url of [
    'postgres://h/d?service=absent',
    'postgres://h/d?port=0',
    'postgres://h/d?sslmode=sometimes',
  ])
    await assert.rejects(resolveTarget({ url, environment }), { code: 'config-invalid' }, url);
});

test('a password file counts only when nobody else may read it', async () => {
  await using dir = await temporaryDirectory();
  const file = join(dir.path, 'pgpass');
  await writeFile(file, '# remark\n*:5432:crm:me:se\\:cr\\\\et\n');
  const url = 'postgres://me@db.example/crm';
  const environment = { PGPASSFILE: file };
  await chmod(file, 0o644);
  assert.equal(await (await resolveTarget({ url, environment })).password(), undefined);
  await chmod(file, 0o600);
  assert.equal(await (await resolveTarget({ url, environment })).password(), 'se:cr\\et');
});

test('the first line of a password file that fits decides; a socket is localhost', () => {
  const text = 'localhost:1:*:a:first\n*:*:*:a:second\n';
  const place = { host: '/tmp', port: 1, user: 'a', database: 'd' };
  assert.equal(findPassword(text, place), 'first');
  assert.equal(findPassword(text, { ...place, port: 2 }), 'second');
  assert.equal(findPassword(text, { ...place, user: 'b' }), undefined);
});

test('a password goes to a program in its environment, and no other setting of the user does', async () => {
  const target = await resolveTarget({
    url: 'postgres://me@h/d',
    environment: {},
    password: async () => 'hunter2',
  });
  const variables = await clientVariables(target, { PATH: '/bin', PGOPTIONS: '-c x=y' });
  assert.equal(variables['PGPASSWORD'], 'hunter2');
  assert.equal('PGOPTIONS' in variables, false);
});

test('a malformed URL is refused without repeating it, because it may hold a password', async () => {
  const url = 'postgres://me:hunter2@[bad/d';
  await assert.rejects(resolveTarget({ url, environment: {} }), (error) => {
    assert.ok(isHoldfastError(error, 'config-invalid'));
    assert.doesNotMatch(error.message, /hunter2/);
    return true;
  });
});

/** Speaks just enough of the protocol to be a pooler: its own key, another backend’s id. */
function pooler() {
  const message = (type: string, body: Buffer) => {
    const head = Buffer.alloc(5);
    head.write(type);
    head.writeInt32BE(body.length + 4, 1);
    return Buffer.concat([head, body]);
  };
  const int32 = (...values: number[]) =>
    Buffer.concat(values.map((value) => Buffer.from(Uint32Array.of(value).buffer).swap32()));
  const ready = message('Z', Buffer.from('I'));
  const row = Buffer.concat([Buffer.from([0, 1]), int32(4), Buffer.from('4242')]);
  const column = Buffer.concat([
    Buffer.from([0, 1]),
    Buffer.from('pid\0'),
    int32(0),
    Buffer.from([0, 0]),
    int32(23),
    Buffer.from([0, 4]),
    int32(0xffffffff),
    Buffer.from([0, 0]),
  ]);
  return createServer((socket) => {
    let started = false;
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      if (data.length === 8) return socket.write('N');
      if (!started) {
        started = true;
        // What PgBouncer says, with the code of its own.
        if (data.includes('database\0missing\0'))
          return socket.end(
            message('E', Buffer.from('SFATAL\0C08P01\0Mdatabase "missing" does not exist\0\0')),
          );
        return socket.write(
          Buffer.concat([message('R', int32(0)), message('K', int32(7, 8)), ready]),
        );
      }
      if (!data.includes('pg_backend_pid'))
        return socket.write(Buffer.concat([message('C', Buffer.from('SET\0')), ready]));
      return socket.write(
        Buffer.concat([
          message('T', column),
          message('D', row),
          message('C', Buffer.from('SELECT 1\0')),
          ready,
        ]),
      );
    });
  });
}

const anyServer = {
  version: '15.0',
  majorVersion: 15,
  database: 'crm',
  encoding: 'UTF8',
  collate: 'C',
  ctype: 'C',
};

test('a pooler between the agent and the server is named as one', async () => {
  await using server = pooler();
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  const address = server.address();
  assert.ok(address && typeof address === 'object');
  const url = `postgres://me@127.0.0.1:${address.port}/crm`;
  const target = await resolveTarget({ url, environment: {} });
  await assert.rejects(connect(target, { signal: never }), { code: 'source-pooler' });
  // A restore that is to make the database says so too, although the pooler refused it at first.
  const missing = { ...target, database: 'missing' };
  await assert.rejects(connect(missing, { signal: never }), {
    code: 'source-denied',
    hint: 'name a database that is there, or make it',
  });
  const like = { server: anyServer, locale: undefined };
  await assert.rejects(
    openTarget(missing, like, never, async () => undefined),
    { code: 'source-pooler' },
  );
});
