import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { startS3Server } from '../fixtures/s3/server.ts';

const uploader = join(import.meta.dirname, 's3-uploader.ts');
const mib = 2 ** 20;
const partMib = 8;
const partsAtOnce = 4;

suite('memory of an upload', () => {
  test('an upload of 512 MiB needs its parts under way, not its size', async () => {
    await using server = await startS3Server();
    const small = await upload(server.endpoint, 1);
    const large = await upload(server.endpoint, 512);
    assert.equal(server.bucket('plain').current('object')?.blob.sizeBytes, 512 * mib);
    // Beside the parts the sockets, digests and the collector's slack take some.
    const bound = (partsAtOnce + 1) * partMib + 96;
    const grown = (large - small) / mib;
    assert.ok(grown < bound, `resident memory grew by ${grown.toFixed(0)} MiB, not ${bound}`);
    assert.ok(large / mib < 256, `resident memory reached ${(large / mib).toFixed(0)} MiB`);
  });
});

/** The uploader's greatest resident memory, in bytes. */
async function upload(endpoint: string, sizeMib: number): Promise<number> {
  const args = [uploader, endpoint, `${sizeMib * mib}`, `${partMib * mib}`, `${partsAtOnce}`];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const output = await text(child.stdout);
  assert.match(output, /^\d+\n$/);
  return Number(output);
}
