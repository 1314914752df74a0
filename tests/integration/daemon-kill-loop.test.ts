import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { editConfiguration, forgetSince, startFastDaemon } from '../daemon/support.ts';
import { startSourceServer } from '../fixtures/postgres/source-fixture.ts';
import { testInstallation, type TestInstallation } from '../support/installation.ts';
import { rounds } from '../support/scale.ts';

const hourMs = 3_600_000;
/** A minute of the daemon's clock lasts two seconds. */
const speed = 30;

/** An incremental every minute; the daemon's clock lags behind, so that it never is in the future. */
async function prepare(installation: TestInstallation): Promise<Date> {
  const { configFile, directory } = installation;
  const epoch = new Date(Date.now() + 2 * hourMs);
  await editConfiguration(configFile, ({ jobs, keys }) => {
    jobs['crm-database'].schedules = { incremental: '* * * * *' };
    delete jobs['crm-attachments'];
    delete jobs['crm-database'].drill.attachments;
    for (const key of keys.trusted) key.validFrom = '2020-01-01T00:00:00Z';
  });
  await editConfiguration(configFile, (configuration) => delete configuration.groups);
  await forgetSince(directory, ['crm-database/incremental']);
  return epoch;
}

/** Commits rows, one after another, until it is stopped; then says how many there are. */
function keepWriting(url: string) {
  const stop = new AbortController();
  let committed = 0;
  const work = (async () => {
    const client = new Client({ connectionString: url });
    await client.connect();
    while (!stop.signal.aborted) {
      await client.query(`INSERT INTO crm.deals (id, title) VALUES ($1, 'written meanwhile')`, [
        100_000 + committed,
      ]);
      committed += 1;
      await delay(2);
    }
    await client.end();
  })();
  return {
    async stop() {
      stop.abort();
      await work;
      return committed;
    },
  };
}

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

async function residentMebibytes(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

type Daemon = ReturnType<typeof startFastDaemon>;

async function runEnded(daemon: Daemon, from = 0): Promise<number> {
  const ended = await daemon.seen(({ ending }) => ending === 'done', from);
  return daemon.events.indexOf(ended) + 1;
}

test('killed again and again while rows are written, the chain restores to the last of them', async () => {
  await using installation = await testInstallation(1);
  const { configFile, directory, crm, identityFile, run } = installation;
  const epoch = await prepare(installation);
  const writer = keepWriting(crm.url);
  {
    await using first = startFastDaemon(configFile, epoch, speed);
    await runEnded(first);
  }
  for (let kill = 0; kill < rounds(1, 20); kill += 1) {
    await using daemon = startFastDaemon(configFile, epoch, speed);
    await daemon.seen(({ message }) => message === 'run started');
    await delay(Math.random() * 1_500);
    daemon.signal('SIGKILL');
    assert.equal((await daemon.ended).signal, 'SIGKILL');
  }

  await using last = startFastDaemon(configFile, epoch, speed);
  const warm = await runEnded(last);
  const before = await residentMebibytes(last.pid);
  const committed = await writer.stop();
  let seen = warm;
  for (let more = 1; more < rounds(1, 20); more += 1) seen = await runEnded(last, seen);
  // A run that was at work as the writer stopped may have missed its last rows.
  await runEnded(last, seen);
  const grown = (await residentMebibytes(last.pid)) - before;
  assert.ok(grown < 48, `it grew by ${grown.toFixed(0)} MiB`);
  last.signal('SIGTERM');
  assert.equal((await last.ended).code, 0);

  const slots = await ask(crm.url, 'SELECT active FROM pg_replication_slots');
  assert.deepEqual(slots, [false], 'the slot of the chain, and none besides');
  const lease = await readFile(join(directory, 'primary', 'leases', 'crm-database.json'), 'utf8');
  assert.equal(JSON.parse(lease).released, true);
  await using server = await startSourceServer();
  const url = await server.createDatabase('restored');
  const rights = ['--no-owner', '--no-privileges', '-i', identityFile];
  const restored = await run('restore', 'crm-database', '--to', url, ...rights);
  assert.equal(restored.exitCode, 0, restored.stderr);
  const rows = 'SELECT count(*)::int, max(id) FROM crm.deals WHERE id >= 100000';
  assert.deepEqual(await ask(url, rows), [committed, 99_999 + committed]);
});

test('two daemons with one configuration do each run once', async () => {
  await using installation = await testInstallation(1);
  const { configFile, crm, run } = installation;
  const epoch = await prepare(installation);
  const writer = keepWriting(crm.url);
  const daemons = [1, 2].map(() => startFastDaemon(configFile, epoch, speed));
  try {
    const backups = async () => {
      const { exitCode, stdout } = await run('list', 'crm-database', '--json');
      // There is no repository before the first run.
      return exitCode === 0
        ? (JSON.parse(stdout)[0].backups as { manifest: { id: string } }[])
        : [];
    };
    while ((await backups()).length < rounds(2, 12)) await delay(500);
    for (const daemon of daemons) daemon.signal('SIGTERM');
    await Promise.all(daemons.map(({ ended }) => ended));
    const minutes = (await backups()).map(({ manifest }) =>
      manifest.id.slice(0, '20261127T1926'.length),
    );
    assert.deepEqual(minutes, [...new Set(minutes)], 'no minute was served twice');
  } finally {
    await writer.stop();
    for (const daemon of daemons) await daemon[Symbol.asyncDispose]();
  }
});
