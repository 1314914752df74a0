import assert from 'node:assert/strict';
import { chmod, glob, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { Client } from 'pg';
import { processCommand, processIds } from '../../backup-agent/drills/sandbox/process-identity.ts';
import {
  startThrowawayServer,
  type ThrowawayServer,
} from '../../backup-agent/drills/sandbox/throwaway-server.ts';
import { drillPoints } from '../../backup-agent/operations/drill-rehearsal.ts';
import { findServerBinaries } from '../../backup-agent/tools/postgres-binaries.ts';
import type { ChildTask } from '../drills/support/kill-child.ts';
import { editConfiguration } from '../daemon/support.ts';
import { testInstallation, type TestInstallation } from '../support/installation.ts';
import { rounds, testScale } from '../support/scale.ts';

const childFile = join(import.meta.dirname, '../drills/support/kill-child.ts');
const person = 'ann@lee.example';

let installation: TestInstallation;
/** For what is restored, and borrowed. */
let server: ThrowawayServer;
/** Where drills put everything; the server runs as another user when this one is root, so it must get there. */
let sandboxes: string;

before(async () => {
  installation = await testInstallation(3);
  server = await startThrowawayServer({
    binaries: await findServerBinaries({ searchPath: process.env['PATH'] }),
  });
  sandboxes = await mkdtemp('/tmp/hf-sandboxes-');
  await chmod(sandboxes, 0o755);
  await mkdir(join(sandboxes, 'holdfast-drill-of-somebody-else'));
  const { configFile, identityFile, run, sql } = installation;
  await editConfiguration(configFile, (configuration) => {
    configuration.maskingProfiles = {
      staging: {
        key: { file: identityFile },
        tables: { 'crm.people': { mail: { pseudonym: 'email' } }, 'crm.deals': { title: 'hash' } },
      },
    };
    const { drill, objectives } = configuration.jobs['crm-database'];
    // A long run outlasts it, and none of this is about it.
    delete objectives.rpo;
    drill.sandbox.directory = sandboxes;
    drill.mask = 'staging';
  });
  await sql(`CREATE TABLE crm.people (id integer PRIMARY KEY, mail text NOT NULL UNIQUE);
    INSERT INTO crm.people SELECT n, 'p' || n || '@mail.example' FROM generate_series(1, 50) n;
    INSERT INTO crm.people VALUES (99, '${person}')`);
  const succeed = async (...argv: string[]) => {
    const { exitCode, stderr } = await run(...argv);
    assert.equal(exitCode, 0, stderr);
  };
  await succeed('backup', 'crm');
  await sql(`INSERT INTO crm.deals (id, title) VALUES (3001, 'new')`);
  await succeed('backup', 'crm');
  await succeed('copy', 'crm');
  await succeed('erase', 'add', 'crm-database', '--subject', person, '--column', 'crm.people.mail');
});
after(async () => {
  await rm(sandboxes, { recursive: true, force: true });
  await server[Symbol.asyncDispose]();
  await installation[Symbol.asyncDispose]();
});

type Killed = Pick<ChildTask, 'operation' | 'killAt'>;

function start(task: Killed) {
  const { configFile, identityFile } = installation;
  const argument = JSON.stringify({ ...task, configFile, identityFile });
  return execa('node', [childFile, argument], { reject: false });
}

async function kill(task: Killed): Promise<void> {
  const child = await start(task);
  assert.equal(child.signal, 'SIGKILL', `${task.killAt}: ${child.stderr}${child.stdout}`);
}

/** What the operation passes when it is not killed. */
async function placesOf(operation: ChildTask['operation']): Promise<string[]> {
  const child = await start({ operation, killAt: '' });
  assert.equal(child.exitCode, 0, child.stderr);
  return JSON.parse(child.stdout);
}

/** Processes whose arguments name the directory. */
async function serversIn(directory: string): Promise<string[]> {
  const commands = await Promise.all((await processIds()).map(processCommand));
  return commands.filter((command) => command.includes(`${directory}/`));
}

async function assertNoLease(): Promise<void> {
  const { directory } = installation;
  const files = await Array.fromAsync(glob(join(directory, '*/leases/*.json')));
  assert.ok(files.length > 0, 'backups took leases');
  for (const file of files)
    assert.equal(JSON.parse(await readFile(file, 'utf8')).released, true, file);
}

async function assertNextDrillCleansUp(): Promise<void> {
  const { identityFile, run } = installation;
  const drill = await run('drill', 'crm-database', '--identity', identityFile, '--json');
  assert.equal(drill.exitCode, 0, drill.stderr + drill.stdout);
  const { evidence } = JSON.parse(drill.stdout);
  assert.deepEqual(evidence.erasures, { requests: 1, applied: 1 });
  assert.deepEqual(await readdir(sandboxes), ['holdfast-drill-of-somebody-else']);
  assert.deepEqual(await serversIn(sandboxes), []);
  await assertNoLease();
  const verified = await run('evidence', 'verify', 'crm-database');
  assert.equal(verified.exitCode, 0, verified.stdout + verified.stderr);
}

/** In a short run only states that differ in what is left; the last leaves a server. */
const leavingEachState = ['load tables, under way', 'people-erased'];

test('a masked drill killed in any phase leaves nothing after the next', async () => {
  const places = testScale > 1 ? [...(await placesOf('drill')), 'people-erased'] : leavingEachState;
  if (testScale > 1)
    for (const place of [...drillPoints, 'erase']) assert.ok(places.includes(place));
  for (const killAt of places) await kill({ operation: 'drill', killAt });
  assert.ok((await readdir(sandboxes)).length > 1, 'the killed drills left nothing to clean up');
  assert.ok((await serversIn(sandboxes)).length > 0, 'no server was left running');
  await assertNextDrillCleansUp();
});

test('what a killed drill left in a borrowed database is emptied by the next', async () => {
  const { configFile } = installation;
  const url = await server.createDatabase('borrowed');
  const own = await readFile(configFile, 'utf8');
  await editConfiguration(configFile, ({ jobs }) => {
    jobs['crm-database'].drill.sandbox = { type: 'dsn', url };
  });
  await kill({ operation: 'drill', killAt: 'database-restored' });
  assert.equal((await peopleIn(url))?.masked, 51);
  await assertNextDrillCleansUp();
  assert.equal(await peopleIn(url), undefined);
  await writeFile(configFile, own);
});

test(
  'so does a self-test, a drill without masks, and a drill killed at any moment',
  { skip: testScale === 1 && 'long: with HOLDFAST_TEST_SCALE' },
  async () => {
    for (const killAt of await placesOf('self-test'))
      await kill({ operation: 'self-test', killAt });
    await assertNextDrillCleansUp();
    const { configFile } = installation;
    await editConfiguration(configFile, ({ jobs }) => delete jobs['crm-database'].drill.mask);
    for (const killAt of await placesOf('drill')) await kill({ operation: 'drill', killAt });
    await assertNextDrillCleansUp();
    const startedAt = performance.now();
    await placesOf('drill');
    const longestMs = performance.now() - startedAt;
    for (let round = 0; round < rounds(1, 60); round += 1) {
      const child = start({ operation: 'drill', killAt: '' });
      await Promise.race([delay(Math.random() * longestMs), child]);
      child.kill('SIGKILL');
      await child;
      if (round % 10 === 9) await assertNextDrillCleansUp();
    }
    await editConfiguration(configFile, ({ jobs }) => {
      jobs['crm-database'].drill.mask = 'staging';
    });
  },
);

interface RestoredPeople {
  readonly unmasked: number;
  readonly masked: number;
  readonly deals: number;
}

/** What a table holds, as far as the restore has come; nothing where there is no table yet. */
async function peopleIn(url: string): Promise<RestoredPeople | undefined> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query(`
      SELECT count(*) FILTER (WHERE mail NOT LIKE 'm-%@masked.invalid')::int AS unmasked,
        count(*) FILTER (WHERE mail LIKE 'm-%')::int AS masked,
        (SELECT count(*)::int FROM crm.deals WHERE title !~ '^[0-9a-f]{64}$') AS deals
      FROM crm.people`);
    return rows[0];
  } catch (error) {
    assert.match(String(error), /does not exist/);
    return undefined;
  } finally {
    await client.end();
  }
}

let restores = 0;

async function assertMaskedRestore(places: readonly string[]): Promise<void> {
  const restoreTo = await server.createDatabase(`restored_${(restores += 1)}`);
  for (const killAt of places) {
    await kill({ operation: { restoreTo }, killAt });
    const found = await peopleIn(restoreTo);
    assert.deepEqual([found?.unmasked ?? 0, found?.deals ?? 0], [0, 0], killAt);
  }
  const { identityFile, run } = installation;
  const rights = ['--no-owner', '--no-privileges', '-i', identityFile];
  const argv = ['restore', 'crm-database', '--to', restoreTo, '--mask', 'staging', ...rights];
  const again = await run(...argv);
  assert.equal(again.exitCode, 0, again.stderr + again.stdout);
  assert.match(again.stdout, /^restored, going on where the last run had stopped,/m);
  assert.match(again.stdout, /1 of 1 requests replayed and proven, [01] rows/);
  assert.deepEqual(await peopleIn(restoreTo), { unmasked: 0, masked: 50, deals: 0 });
  await assertNoLease();
}

test('a masked restore that is killed has shown the target nothing in clear; gone on with, it erases people', async () => {
  await assertMaskedRestore(['load tables, under way', 'erase people']);
  if (testScale === 1) return;
  const restoreTo = await server.createDatabase('whole');
  const all = await placesOf({ restoreTo });
  const writing = all.slice(all.indexOf('create the schema'));
  for (const place of writing) await assertMaskedRestore([place]);
  await assertMaskedRestore(writing);
});
