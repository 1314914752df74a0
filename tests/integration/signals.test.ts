import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const rehearsal = join(import.meta.dirname, '..', '..', 'rehearsal', 'main.ts');

/** Starts a rehearsal, sends the signal once its output shows `moment`, and returns its exit code. */
async function interrupt(directory: string, signal: NodeJS.Signals, moment: string) {
  const child = spawn(process.execPath, [rehearsal], {
    env: { ...process.env, TMPDIR: directory },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let shown = '';
  let sent = false;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    if (!sent && shown.includes(moment)) sent = child.kill(signal);
  });
  const [code] = await once(child, 'close');
  assert.ok(sent, shown);
  return code;
}

test('a signal ends the work with its own exit code and leaves nothing behind', async () => {
  const cases: [NodeJS.Signals, string, number][] = [
    ['SIGINT', '❯ Synthesize', 130],
    ['SIGTERM', '❯ Drill from', 143],
  ];
  for (const [signal, moment, expected] of cases) {
    await using directory = await temporaryDirectory('hf-');
    await chmod(directory.path, 0o711); // root's servers run as another user
    assert.equal(await interrupt(directory.path, signal, moment), expected, moment);
    assert.deepEqual(await readdir(directory.path), [], moment);
  }
});
