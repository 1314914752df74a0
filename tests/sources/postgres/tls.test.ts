import assert from 'node:assert/strict';
import { chmod, chown, copyFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { execa } from 'execa';
import { serverUser } from '../../../backup-agent/drills/sandbox/server-user.ts';
import type { ThrowawayServer } from '../../../backup-agent/drills/sandbox/throwaway-server.ts';
import { isHoldfastError } from '../../../backup-agent/errors/holdfast-error.ts';
import { connect } from '../../../backup-agent/sources/postgres/connection.ts';
import { resolveTarget } from '../../../backup-agent/sources/postgres/connection-target.ts';
import { dumpSchema } from '../../../backup-agent/sources/postgres/dump-schema.ts';
import {
  connectedClient,
  environment,
  never,
  startSourceServer,
} from '../../fixtures/postgres/source-fixture.ts';
import { needing } from '../../support/programs.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

let server: ThrowawayServer;
let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
const port = await freePort();

/** A certificate for `localhost`, signed by an authority made for this run; and another authority. */
async function makeCertificates(): Promise<void> {
  const openssl = (...args: string[]) => execa('openssl', args, { cwd: folder.path });
  for (const name of ['ca', 'stranger'])
    await openssl(
      'req',
      '-x509',
      ...key,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
    );
  await openssl('req', ...key, '-subj', '/CN=db', '-keyout', 'server.key', '-out', 'server.csr');
  await writeFile(join(folder.path, 'names'), 'subjectAltName=DNS:localhost');
  await openssl(
    'x509',
    '-req',
    '-in',
    'server.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    'names',
    '-out',
    'server.pem',
  );
}

async function targetOf(host: string, mode: string, authority?: string) {
  return await resolveTarget({
    url: `postgres://agent@${host}:${port}/postgres?sslmode=${mode}`,
    environment,
    password: async () => `it's:@ secret/%`,
    ...(authority === undefined ? {} : { caFile: join(folder.path, `${authority}.pem`) }),
  });
}

suite('a server with TLS', needing('openssl'), () => {
  before(async () => {
    folder = await temporaryDirectory();
    await makeCertificates();
    server = await startSourceServer({ settings: { wal_level: 'logical' }, tcpPort: port });
    const data = join(server.directory, 'data');
    for (const name of ['server.key', 'server.pem']) {
      await copyFile(join(folder.path, name), join(data, name));
      await chmod(join(data, name), 0o600);
      const user = await serverUser();
      if (user) await chown(join(data, name), user.uid, user.gid);
    }
    await writeFile(
      join(data, 'pg_hba.conf'),
      'local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n',
    );
    await using admin = await connectedClient(server, 'postgres');
    await admin.client.query(`SET password_encryption = 'scram-sha-256';
      CREATE ROLE agent LOGIN PASSWORD 'it''s:@ secret/%'`);
    for (const statement of [
      `ALTER SYSTEM SET ssl_cert_file = 'server.pem'`,
      `ALTER SYSTEM SET ssl_key_file = 'server.key'`,
      'ALTER SYSTEM SET ssl = on',
      'SELECT pg_reload_conf()',
    ])
      await admin.client.query(statement);
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  test('verify-full signs in to a server whose certificate is of the authority and has its name; pg_dump does too', async () => {
    const target = await targetOf('localhost', 'verify-full', 'ca');
    await using session = await connect(target, { signal: never });
    const { rows } = await session.client.query(
      'SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
    );
    assert.deepEqual(rows, [{ ssl: true, version: 'TLSv1.3' }]);
    const { sql } = await dumpSchema({
      target,
      binaries: { searchPath: environment.PATH },
      variables: environment,
      excludeTables: [],
      serverMajorVersion: server.majorVersion,
      signal: never,
    });
    assert.match(sql, /PostgreSQL database dump complete/);
  });

  for (const [what, host, mode, authority] of [
    ['another name', '127.0.0.1', 'verify-full', 'ca'],
    ['another authority', 'localhost', 'verify-full', 'stranger'],
    ['no authority that this machine knows', 'localhost', 'verify-full', undefined],
    ['another authority, where only that is checked', '127.0.0.1', 'verify-ca', 'stranger'],
  ] as const)
    test(`a certificate of ${what} is refused, and the password is not sent`, async () => {
      await assert.rejects(
        connect(await targetOf(host, mode, authority), { signal: never }),
        (error) => {
          assert.ok(isHoldfastError(error, 'source-unreachable'));
          assert.match(error.message, /certificate|altnames|self-signed|issuer/i);
          assert.ok(!error.message.includes('secret'));
          return true;
        },
      );
    });

  test('verify-ca asks for no name, and a server that wants TLS is not spoken to without', async () => {
    await using _session = await connect(await targetOf('127.0.0.1', 'verify-ca', 'ca'), {
      signal: never,
    });
    await assert.rejects(
      connect(await targetOf('localhost', 'disable'), { signal: never }),
      (error) => isHoldfastError(error, 'source-denied'),
    );
  });
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port: found } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return found;
}
