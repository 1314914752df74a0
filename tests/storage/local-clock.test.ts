import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { reservedSegment } from '../../backup-agent/storage/key.ts';
import { openLocalStorage } from '../../backup-agent/storage/local.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const yearMs = 365 * 86_400_000;

/** From here on this process believes in another time; the file system does not. */
function setClockWrong(t: TestContext): { readonly trueMs: number; readonly wrongMs: number } {
  const trueMs = Date.now();
  t.mock.timers.enable({ apis: ['Date'], now: trueMs + yearMs });
  return { trueMs, wrongMs: trueMs + yearMs };
}

test("the time is the file system's own, whatever this host believes", async (t) => {
  await using directory = await temporaryDirectory();
  const storage = openLocalStorage(directory.path);
  await storage.put('jobs/one', Buffer.from('1'), {});
  const before = await readdir(directory.path, { recursive: true });
  const { trueMs } = setClockWrong(t);
  assert.ok(Math.abs((await storage.now()).getTime() - trueMs) < yearMs / 2);
  assert.deepEqual(await readdir(directory.path, { recursive: true }), before);
});

test('where no file can be made it is that of this host, and nothing is made', async (t) => {
  await using directory = await temporaryDirectory();
  await writeFile(join(directory.path, reservedSegment), 'in the way');
  const { wrongMs } = setClockWrong(t);
  for (const path of [directory.path, join(directory.path, 'absent')]) {
    const storage = openLocalStorage(path);
    assert.equal((await storage.now()).getTime(), wrongMs);
  }
  assert.deepEqual(await readdir(directory.path), [reservedSegment]);
});
