import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { execa } from 'execa';
import { parse, stringify } from 'yaml';
import { processCommand } from '../../backup-agent/drills/sandbox/process-identity.ts';
import { drillPoints } from '../../backup-agent/operations/drill-rehearsal.ts';
import type { ChildTask } from '../drills/support/kill-child.ts';
import { testInstallation } from '../support/installation.ts';
import { rounds } from '../support/scale.ts';

const childFile = join(import.meta.dirname, '../drills/support/kill-child.ts');
const steps = [
  'load tables',
  'replay changes',
  'assert',
  'sandbox',
  'create the schema',
  'build primary keys',
  'build indexes',
  'add constraints, triggers and rights',
  'analyze',
  'attachments',
];

test('a drill killed in any phase leaves nothing after the next', async () => {
  await using installation = await testInstallation(3);
  const { configFile, identityFile, run, sql } = installation;
  // The server runs as another user when this one is root, so it must be able to get there.
  const sandboxes = await mkdtemp('/tmp/hf-sandboxes-');
  try {
    await chmod(sandboxes, 0o755);
    await mkdir(join(sandboxes, 'holdfast-drill-of-somebody-else'));
    const configuration = parse(await readFile(configFile, 'utf8'));
    configuration.jobs['crm-database'].drill.sandbox.directory = sandboxes;
    await writeFile(configFile, stringify(configuration));
    assert.equal((await run('backup', 'crm')).exitCode, 0);
    await sql(`INSERT INTO crm.deals (id, title) VALUES (3001, 'new')`);
    assert.equal((await run('backup', 'crm')).exitCode, 0);

    for (const killAt of [...drillPoints, ...steps.slice(0, rounds(1, steps.length))]) {
      const task: ChildTask = { configFile, identityFile, killAt };
      const child = await execa('node', [childFile, JSON.stringify(task)], { reject: false });
      assert.equal(child.signal, 'SIGKILL', `${killAt}: ${child.stderr}${child.stdout}`);
    }
    const left = await readdir(sandboxes);
    assert.ok(left.length > 1, 'the killed drills left nothing to clean up');
    assert.ok((await serversIn(sandboxes)).length > 0, 'no server was left running');

    const drill = await run('drill', 'crm-database', '--identity', identityFile);
    assert.equal(drill.exitCode, 0, drill.stderr + drill.stdout);
    assert.deepEqual(await readdir(sandboxes), ['holdfast-drill-of-somebody-else']);
    assert.deepEqual(await serversIn(sandboxes), []);
  } finally {
    await rm(sandboxes, { recursive: true, force: true });
  }
});

/** Processes whose arguments name the directory. */
async function serversIn(directory: string): Promise<string[]> {
  const { stdout } = await execa('ps', ['-A', '-o', 'pid=']);
  const commands = await Promise.all(
    stdout.split('\n').map((pid) => processCommand(Number(pid.trim()))),
  );
  return commands.filter((command) => command.includes(`${directory}/`));
}
