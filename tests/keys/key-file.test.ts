import assert from 'node:assert/strict';
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { writeKeyFile } from '../../backup-agent/keys/key-file.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

test('a key file is readable by its owner alone, whatever the umask', async () => {
  await using directory = await temporaryDirectory();
  const before = process.umask();
  try {
    for (const umask of [0o000, 0o022, 0o377]) {
      process.umask(umask);
      const path = join(directory.path, `key-${umask}`);
      await writeKeyFile(path, 'secret\n');
      assert.equal((await stat(path)).mode & 0o777, 0o600);
      assert.equal(await readFile(path, 'utf8'), 'secret\n');
    }
  } finally {
    process.umask(before);
  }
});

test('nothing that exists is overwritten: no file, directory, or link, not even a dangling one', async () => {
  await using directory = await temporaryDirectory();
  const at = (name: string) => join(directory.path, name);
  await writeFile(at('file'), 'older');
  await mkdir(at('directory'));
  await symlink(at('file'), at('link'));
  await symlink(at('nowhere'), at('dangling'));
  for (const name of ['file', 'directory', 'link', 'dangling'])
    await assert.rejects(writeKeyFile(at(name), 'newer'), { code: 'key-file-exists' });
  assert.equal(await readFile(at('file'), 'utf8'), 'older');
  await assert.rejects(stat(at('nowhere')), { code: 'ENOENT' });
});

test('of two that write the same key file at once, one wins whole', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'key');
  const results = await Promise.allSettled(
    ['one', 'other'].map((content) => writeKeyFile(path, content)),
  );
  assert.deepEqual(results.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  const winner = results[0]?.status === 'fulfilled' ? 'one' : 'other';
  assert.equal(await readFile(path, 'utf8'), winner);
});
