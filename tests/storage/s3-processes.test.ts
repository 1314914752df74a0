import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { suite, test } from 'node:test';
import { openS3Storage } from '../../backup-agent/storage/s3.ts';
import { bytes, textOf } from '../conformance/storage-content.ts';
import { s3Subject } from './subjects.ts';

const here = import.meta.dirname;
const mib = 2 ** 20;

suite('S3 storage across processes', () => {
  test('a writer killed amid an upload leaves no object, and its parts can be swept', async () => {
    await using subject = await s3Subject('plain', { prefix: '' });
    const { storage, server } = subject;
    const args = [server.endpoint, `${400 * mib}`, `${5 * mib}`, '2'];
    const child = spawn(process.execPath, [join(here, 's3-uploader.ts'), ...args]);
    const parts = (): number =>
      server.requests.filter(({ operation }) => operation === 'UploadPart').length;
    while (parts() < 3) await new Promise(setImmediate);
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.equal(await storage.stat('object'), undefined);
    assert.equal(await storage.removeUnfinished(new Date(Date.now() + 60_000)), 1);
    assert.equal(server.bucket('plain').uploads.size, 0);
  });

  test('the endpoint runs as a process of its own, its faults armed from outside', async () => {
    const main = join(here, '../fixtures/s3/main.ts');
    const child = spawn(process.execPath, [main, '--port', '0', '--locked-bucket', 'vault']);
    await using stack = new AsyncDisposableStack();
    stack.defer(async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
    });
    const [endpoint] = (await once(createInterface(child.stdout), 'line')) as [string];
    const storage = openS3Storage({
      bucket: 'vault',
      endpoint,
      pathStyle: true,
      credentials: { accessKeyId: 'TESTWRITER', secretAccessKey: 'test-secret-writer' },
      retry: { sleep: async () => undefined },
    });
    const fault = { operation: 'PutObject', action: { kind: 'cut-after' } };
    await fetch(`${endpoint}/-/faults`, { method: 'POST', body: JSON.stringify(fault) });
    await storage.put('jobs/a', bytes('x'), { ifAbsent: true });
    assert.equal(await textOf(storage, 'jobs/a'), 'x');
    const requests = (await (await fetch(`${endpoint}/-/requests`)).json()) as {
      operation: string;
    }[];
    assert.equal(requests.filter(({ operation }) => operation === 'PutObject').length, 2);
    await storage.close();
  });
});
