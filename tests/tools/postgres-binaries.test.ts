import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isHoldfastError } from '../../backup-agent/errors/holdfast-error.ts';
import { findClientTool, findServerBinaries } from '../../backup-agent/tools/postgres-binaries.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

async function installation(parent: string, version: number, programs: readonly string[]) {
  const folder = join(parent, String(version));
  await mkdir(folder);
  for (const program of programs) {
    const path = join(folder, program);
    await writeFile(path, `#!/bin/sh\necho "${program} (PostgreSQL) ${version}.4 (Debian 1)"\n`);
    await chmod(path, 0o755);
  }
  return folder;
}

test('a client is at least as new as the server, and the oldest that is', async () => {
  await using dir = await temporaryDirectory();
  const folders = [];
  for (const version of [90, 92, 91]) folders.push(await installation(dir.path, version, ['psql']));
  const search = { searchPath: folders.join(':') };
  assert.equal((await findClientTool('psql', search, 91)).majorVersion, 91);
  assert.equal((await findClientTool('psql', search, 90)).path, join(dir.path, '90', 'psql'));
});

test('a server is the newest, or exactly of the version wanted', async () => {
  await using dir = await temporaryDirectory();
  const folders = [];
  for (const version of [95, 97, 96])
    folders.push(await installation(dir.path, version, ['initdb']));
  const search = { searchPath: folders.join(':') };
  assert.equal((await findServerBinaries(search)).majorVersion, 97);
  assert.equal((await findServerBinaries(search, 96)).folder, join(dir.path, '96'));
});

test('with a configured folder nothing else is searched', async () => {
  await using dir = await temporaryDirectory();
  await assert.rejects(findServerBinaries({ folder: dir.path }), (error) =>
    isHoldfastError(error, 'tool-missing'),
  );
});

test('none that fits: the error names what was found and how to install', async () => {
  await using dir = await temporaryDirectory();
  const folder = await installation(dir.path, 9, ['pg_dump']);
  await assert.rejects(findClientTool('pg_dump', { folder }, 15), (error) => {
    assert.ok(isHoldfastError(error, 'tool-missing'));
    assert.match(error.message, /pg_dump 15 or newer is not on this machine \(found: 9 in /);
    assert.match(error.hint, /install/);
    return true;
  });
});

test('a program that cannot run is no installation', async () => {
  await using dir = await temporaryDirectory();
  const path = join(dir.path, 'psql');
  await writeFile(path, 'not a program');
  await chmod(path, 0o755);
  await assert.rejects(findClientTool('psql', { folder: dir.path }, 15));
});
