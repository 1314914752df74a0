import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createAgent } from '../../backup-agent/composition.ts';
import { readEnvironment } from '../../backup-agent/config/environment.ts';
import { writeInstallation } from '../../rehearsal/configuration.ts';
import { editConfiguration } from '../daemon/support.ts';
import { startS3Server } from '../fixtures/s3/server.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

test('who watches an agent hears of each request that a bucket failed and that is repeated', async () => {
  await using directory = await temporaryDirectory();
  await using server = await startS3Server();
  process.env['AWS_ACCESS_KEY_ID'] = 'TESTFULL';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'test-secret-full';
  const crm = { url: 'postgres://crm@127.0.0.1:1/crm', folder: join(directory.path, 'files') };
  const now = () => new Date();
  const { configFile } = await writeInstallation(directory.path, crm, now);
  await editConfiguration(configFile, ({ repositories }) => {
    repositories.primary = {
      type: 's3',
      bucket: 'plain',
      region: 'us-east-1',
      endpoint: server.endpoint,
      pathStyle: true,
    };
  });
  const retried: string[] = [];
  const quiet = () => undefined;
  await using agent = await createAgent({
    configFile,
    environment: readEnvironment(),
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    signal: new AbortController().signal,
    now,
    onStorageRetry: (repository) => void retried.push(repository),
  });
  server.faults.arm({ operation: 'PutObject', times: 1, action: { kind: 'cut' } });
  await agent.openOrCreateRepository('primary');
  await agent.openOrCreateRepository('offsite');
  assert.deepEqual(retried, ['primary']);
});
