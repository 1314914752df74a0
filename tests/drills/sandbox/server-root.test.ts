import assert from 'node:assert/strict';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { serverRoot } from '../../../backup-agent/drills/sandbox/server-directory.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

test('servers live in the temporary folder when its path is short and open to their user', async () => {
  await using directory = await temporaryDirectory();
  const inner = join(directory.path, 'inner');
  await mkdir(inner);
  await chmod(directory.path, 0o711);
  assert.equal(serverRoot(inner), inner);
  assert.equal(serverRoot(join(inner, 'x'.repeat(80))), '/tmp');
});

test("root's private temporary folder is passed over, however deep it is closed", async () => {
  await using directory = await temporaryDirectory();
  const inner = join(directory.path, 'inner');
  await mkdir(inner);
  const expected = process.getuid?.() === 0 ? '/tmp' : inner;
  assert.equal(serverRoot(inner), expected);
});
