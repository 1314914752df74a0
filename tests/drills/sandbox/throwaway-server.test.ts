import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import {
  processCommand,
  processIds,
  processStart,
} from '../../../backup-agent/drills/sandbox/process-identity.ts';
import { assertSandboxDirectory } from '../../../backup-agent/drills/sandbox/sandbox-directory.ts';
import { removeAbandonedServers } from '../../../backup-agent/drills/sandbox/server-directory.ts';
import { serverUser } from '../../../backup-agent/drills/sandbox/server-user.ts';
import {
  startThrowawayServer,
  type ThrowawayServer,
} from '../../../backup-agent/drills/sandbox/throwaway-server.ts';
import { isHoldfastError } from '../../../backup-agent/errors/holdfast-error.ts';
import { embeddedServer } from '../../../backup-agent/tools/embedded-postgres.ts';
import { findServerBinaries } from '../../../backup-agent/tools/postgres-binaries.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { connectedClient, environment } from '../../fixtures/postgres/source-fixture.ts';

/** The user that the server runs as must be able to pass through. */
async function enterableDirectory() {
  const directory = await temporaryDirectory('hf-');
  await chmod(directory.path, 0o711);
  return directory;
}

const binaries = await findServerBinaries({ searchPath: environment.PATH });

/** Memory that looks like a disk, where the platform has it. */
const inMemory = existsSync('/dev/shm') ? { root: '/dev/shm' } : {};

test('two servers at once, one in memory, never meet, listen on no port, and leave nothing', async () => {
  const directories: string[] = [];
  {
    await using one = await startThrowawayServer({ binaries });
    await using two = await startThrowawayServer({ binaries, ...inMemory });
    assert.equal(dirname(two.directory), inMemory.root ?? dirname(one.directory));
    directories.push(one.directory, two.directory);
    assert.notEqual(one.directory, two.directory);
    await one.createDatabase('mine');
    await using session = await connectedClient(two, 'postgres');
    const { rows } = await session.client.query(
      `SELECT current_setting('listen_addresses') AS addresses,
         (SELECT count(*)::int FROM pg_database WHERE datname = 'mine') AS mine,
         (SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'postgres') AS encoding`,
    );
    assert.deepEqual(rows, [{ addresses: '', mine: 0, encoding: 'UTF8' }]);
    assert.equal((await stat(one.directory)).mode & 0o777, 0o700);
    await assertNoSandboxIn(two, session.client);
  }
  for (const directory of directories)
    await assert.rejects(stat(directory), { code: 'ENOENT' }, directory);
});

/** Neither in its data directory nor in a tablespace, by whatever path. */
async function assertNoSandboxIn(server: ThrowawayServer, client: ClientBase): Promise<void> {
  await using directory = await enterableDirectory();
  const tablespace = join(server.directory, 'tablespace');
  const link = join(directory.path, 'link');
  await mkdir(tablespace);
  const { uid, gid } = await stat(server.directory);
  await chown(tablespace, uid, gid);
  await client.query(`CREATE TABLESPACE elsewhere LOCATION '${tablespace}'`);
  await symlink(tablespace, link);
  const data = join(server.directory, 'data');
  for (const place of [data, join(data, 'base'), tablespace, link, join(link, 'nowhere')])
    await assert.rejects(assertSandboxDirectory(place), { code: 'target-unsuitable' }, place);
  await client.query('DROP TABLESPACE elsewhere');
  await assertSandboxDirectory(directory.path);
}

test('the server that npm carries starts too', async (t) => {
  const embedded = await embeddedServer();
  if (!embedded) {
    t.skip('not on this platform');
    return;
  }
  await using server = await startThrowawayServer({ binaries: embedded });
  await using session = await connectedClient(server, 'postgres');
  const { rows } = await session.client.query(
    `SELECT current_setting('server_version_num')::int / 10000 AS version`,
  );
  assert.deepEqual(rows, [{ version: embedded.majorVersion }]);
});

test('a start that fails says what the server said and leaves nothing', async () => {
  await using root = await enterableDirectory();
  await assert.rejects(
    startThrowawayServer({ binaries, root: root.path, settings: { wal_level: 'nonsense' } }),
    (error) => isHoldfastError(error, 'tool-missing') && error.message.includes('wal_level'),
  );
  assert.deepEqual(await readdir(root.path), []);
});

/** A process that starts a server below `root`, says its id and lives on. */
function startElsewhere(root: string) {
  const script = `
    import { startThrowawayServer } from ${JSON.stringify(
      new URL('../../../backup-agent/drills/sandbox/throwaway-server.ts', import.meta.url).href,
    )};
    const server = await startThrowawayServer({ binaries: ${JSON.stringify(binaries)}, root: ${JSON.stringify(root)} });
    console.log(server.pid);
    setInterval(() => {}, 1000);`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

test('the server of a run that was killed is stopped and removed by the next; a living one stays', async () => {
  await using root = await enterableDirectory();
  const child = startElsewhere(root.path);
  const [pid] = (await once(child.stdout, 'data')).map(Number);
  assert.ok(pid !== undefined && pid > 1);
  await using alive = await startThrowawayServer({ binaries, root: root.path });
  assert.deepEqual(await removeAbandonedServers(root.path), []);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const removed = await removeAbandonedServers(root.path);
  assert.equal(removed.length, 1);
  assert.equal((await processCommand(pid)).includes(root.path), false);
  await stat(join(alive.directory, 'data', 'postmaster.pid'));
});

test('a run that is killed while its server is being made leaves nothing either', async () => {
  await using root = await enterableDirectory();
  const child = startElsewhere(root.path);
  const exited = once(child, 'exit');
  const being = async () => {
    const directory = (await readdir(root.path)).find((name) => !name.endsWith('.owner'));
    return directory !== undefined && (await readdir(join(root.path, directory))).includes('data');
  };
  while (!(await being())) await delay(5);
  child.kill('SIGKILL');
  await exited;
  assert.equal((await removeAbandonedServers(root.path)).length, 1);
  const commands = await Promise.all((await processIds()).map(processCommand));
  assert.deepEqual(
    commands.filter(
      (command) => /^\S*(initdb|postgres)/.test(command) && command.includes(root.path),
    ),
    [],
  );
  assert.deepEqual(await readdir(root.path), []);
});

test('a directory of nobody known, or whose pid file names a stranger, harms no process', async () => {
  await using root = await enterableDirectory();
  const stranger = join(root.path, 'holdfast-pg-stranger');
  await mkdir(join(stranger, 'data'), { recursive: true });
  await writeFile(`${stranger}.owner`, JSON.stringify({ pid: process.pid, start: 'then' }));
  // This very process: killing it would end the test.
  await writeFile(join(stranger, 'data', 'postmaster.pid'), `${process.pid}\n`);
  await mkdir(join(root.path, 'holdfast-pg-unmarked'));
  assert.deepEqual(await removeAbandonedServers(root.path), [stranger]);
  assert.deepEqual(await readdir(root.path), ['holdfast-pg-unmarked']);
});

test('a process is known by its id and its start', async () => {
  assert.equal(await processStart(process.pid), await processStart(process.pid));
  assert.equal(await processStart(2 ** 22 + 1), undefined);
});

test('root runs a server as postgres, else as nobody; without either it says so', async () => {
  await using dir = await temporaryDirectory();
  const file = join(dir.path, 'passwd');
  await writeFile(file, 'root:x:0:0::/:/bin/sh\nnobody:x:99:98::/:/bin/sh\n');
  assert.deepEqual(await serverUser(0, file), { uid: 99, gid: 98 });
  await writeFile(file, `${await readFile(file, 'utf8')}postgres:x:26:27::/:/bin/sh\n`);
  assert.deepEqual(await serverUser(0, file), { uid: 26, gid: 27 });
  assert.equal(await serverUser(1000, file), undefined);
  await writeFile(file, 'root:x:0:0::/:/bin/sh\n');
  await assert.rejects(serverUser(0, file), { code: 'tool-missing' });
});
