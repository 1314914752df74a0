import assert from 'node:assert/strict';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFolders } from '../backup-agent/make-folders.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

test('a folder is made with those above it, for this user alone, and may be there already', async () => {
  await using directory = await temporaryDirectory();
  const folder = join(directory.path, 'a', 'b', 'c');
  await makeFolders(folder);
  await makeFolders(folder);
  assert.equal((await stat(join(directory.path, 'a'))).mode & 0o777, 0o700);
  assert.ok((await stat(folder)).isDirectory());
});

test('what cannot be made is told, and not tried for ever', async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, 'file');
  await writeFile(file, '');
  await assert.rejects(makeFolders(file), { code: 'ENOTDIR' });
  await assert.rejects(makeFolders(join(file, 'below')), { code: 'ENOTDIR' });
  if (process.platform === 'linux')
    await assert.rejects(makeFolders('/proc/holdfast/below'), { code: 'ENOENT' });
});
