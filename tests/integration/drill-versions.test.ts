import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Evidence } from '../../contracts/evidence.ts';
import { embeddedVersion } from '../support/embedded-server.ts';
import { testInstallation } from '../support/installation.ts';

for (const majorVersion of [13, 18] as const)
  test(`what a server of version ${majorVersion} holds passes a drill`, async (t) => {
    const server = await embeddedVersion(majorVersion);
    if (!server) {
      t.skip('there is no such server for this platform');
      return;
    }
    await using installation = await testInstallation(1, server);
    const { run, identityFile } = installation;
    const backup = await run('backup', 'crm');
    assert.equal(backup.exitCode, 0, backup.stderr);
    const argv = ['drill', 'crm-database', '--identity', identityFile, '--json'];
    const { exitCode, stdout, stderr } = await run(...argv);
    assert.equal(exitCode, 0, stderr + stdout);
    const { evidence }: { evidence: Evidence } = JSON.parse(stdout);
    assert.equal(evidence.totals.rows, 2000 + 1);
    const failed = evidence.assertions.filter(({ outcome }) => outcome !== 'passed');
    assert.deepEqual(failed, []);
  });
