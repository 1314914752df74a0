import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { testInstallation } from '../support/installation.ts';
import { startHttp } from '../daemon/notify/receivers.ts';
import { editConfiguration, forgetSince, startDaemon } from '../daemon/support.ts';

const leaseOf = async (directory: string, job: string) =>
  JSON.parse(await readFile(join(directory, 'primary', 'leases', `${job}.json`), 'utf8'));

test('a daemon catches up what was missed, takes a valid configuration only, and ends cleanly', async () => {
  await using installation = await testInstallation(3);
  const { configFile, directory, run } = installation;
  await using http = await startHttp();
  await editConfiguration(configFile, (configuration) => {
    const { jobs } = configuration;
    const url = (address: string) => ({ command: ['echo', address] });
    configuration.daemon = { listen: { port: 0 } };
    configuration.notifications = {
      channels: {
        dead: { type: 'webhook', url: url('http://127.0.0.1:1') },
        living: { type: 'webhook', url: url(http.url) },
      },
      heartbeats: [{ job: 'crm-database', url: url(`${http.url}/ping`) }],
    };
    jobs['crm-database'].schedules = { incremental: '0 0 1 * *', copy: '0 0 1 * *' };
    jobs['crm-attachments'].schedules = { incremental: '0 0 1 * *' };
    jobs['crm-attachments'].source.path = join(directory, 'is-not-there');
  });
  await forgetSince(directory, [
    'crm-database/incremental',
    'crm-database/copy',
    'crm-attachments/incremental',
  ]);
  await using daemon = startDaemon(configFile);
  const ended = (job: string, kind: string) =>
    daemon.seen((event) => event.job === job && event.kind === kind && event.ending !== undefined);

  assert.equal((await ended('crm-database', 'incremental')).ending, 'done');
  assert.equal((await ended('crm-attachments', 'incremental')).level, 'error');
  assert.equal((await ended('crm-database', 'copy')).ending, 'done');
  const copied = await run('list', 'crm-database', '--from', 'offsite', '--json');
  assert.equal(JSON.parse(copied.stdout)[0].backups.length, 1, 'copied after it was taken');

  const { url } = await daemon.seen(({ message }) => message === 'listening');
  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert.match(
    metrics,
    /^holdfast_runs_total\{job="crm-database",kind="incremental",ending="done"\} 1$/m,
  );
  assert.match(
    metrics,
    /^holdfast_run_errors_total\{.*kind="incremental",code="source-missing"\} 1$/m,
  );

  const page = await (await fetch(`${url}/status`)).text();
  assert.match(page, /Objectives of crm-database/);
  assert.match(page, /copy to offsite/);

  const sound = await readFile(configFile, 'utf8');
  await editConfiguration(configFile, (configuration) => (configuration.jobs = 'none'));
  daemon.signal('SIGHUP');
  await daemon.seen(({ message }) => message.includes('the former one stays'));
  await writeFile(configFile, sound);
  await editConfiguration(configFile, ({ jobs }) => {
    delete jobs['crm-attachments'].schedules;
  });
  daemon.signal('SIGHUP');
  await daemon.seen(({ message }) => message === 'reloaded the configuration');

  // The repositories and the server were looked at anew.
  let shown = '';
  while (!/^holdfast_slot_lag_bytes\{job="crm-database",slot="holdfast_/m.test(shown)) {
    await delay(200);
    shown = await (await fetch(`${url}/metrics`)).text();
  }
  assert.match(shown, /^holdfast_lease_state\{job="crm-database",repository="primary"\} 0$/m);

  daemon.signal('SIGTERM');
  assert.deepEqual(await daemon.ended, { code: 143, signal: null });
  assert.equal(daemon.events.at(-1)?.message, 'stopped');
  assert.equal((await leaseOf(directory, 'crm-database')).released, true);

  const told = http.received.filter(({ path }) => path === '/').map(({ body }) => JSON.parse(body));
  const texts = told.map(({ state, text }) => `${state} ${text}`).join('\n');
  assert.match(texts, /^broken crm-attachments incremental: .*is-not-there/m);
  assert.match(texts, /^broken channel dead: dead: cannot be reached/m);
  assert.doesNotMatch(texts, /crm-database incremental/);
  const pings = http.received.filter(({ path }) => path.startsWith('/ping'));
  assert.deepEqual(
    pings.map(({ path }) => path),
    ['/ping/start', '/ping', '/ping/start', '/ping'],
  );

  // What ran is known to the next daemon, from the repository and from this host's memory.
  await using next = startDaemon(configFile);
  await next.seen(({ message }) => message === 'started');
  next.signal('SIGTERM');
  await next.ended;
  assert.deepEqual(
    next.events.filter(({ message }) => message === 'run started'),
    [],
  );
});

test('status tells monitors what is met, at risk or breached, and `run` does one run', async () => {
  await using installation = await testInstallation(3);
  const { configFile, run } = installation;
  await editConfiguration(configFile, ({ jobs }) => {
    jobs['crm-database'].objectives = { rpo: '1h', verifyInterval: '1h' };
    delete jobs['crm-database'].drill;
  });
  const check = async () => {
    const { exitCode, stdout } = await run('status', 'crm-database', '--check', '--json');
    const states = JSON.parse(stdout).jobs[0].objectives.map(
      ({ name, state }: { name: string; state: string }) => `${name} ${state}`,
    );
    return { exitCode, states };
  };
  assert.deepEqual(await check(), {
    exitCode: 2,
    states: ['restorable breached', 'rpo breached', 'verifyInterval breached'],
  });
  assert.equal((await run('run', 'crm-database', '--kind', 'incremental')).exitCode, 0);
  assert.deepEqual((await check()).states, [
    'restorable met',
    'rpo breached',
    'verifyInterval breached',
  ]);
  for (const kind of ['copy', 'verify', 'prune']) {
    const { exitCode, stderr } = await run('run', 'crm-database', '--kind', kind);
    assert.equal(exitCode, 0, stderr);
    const events = eventsOf(stderr);
    for (const event of events) assert.deepEqual(namesOf(event), ['crm-database', kind]);
    assert.deepEqual(new Set(events.map((event) => event.run)).size, 1);
    assert.deepEqual([events[0]?.message, events.at(-1)?.message], ['run started', 'run ended']);
  }
  const watched = await run('run', 'crm-database', '--kind', 'verify', '--log-format', 'text');
  assert.equal(watched.exitCode, 0, watched.stderr);
  assert.match(watched.stderr, /Run verify of crm-database/);
  const unknown = await run('run', 'crm', '--kind', 'full', '--quiet');
  assert.equal(unknown.exitCode, 2);
  const [failed, ...others] = eventsOf(unknown.stderr);
  assert.deepEqual([failed?.level, failed?.error?.code], ['error', 'job-unknown']);
  assert.deepEqual(others, []);
  assert.deepEqual(await check(), {
    exitCode: 0,
    states: ['restorable met', 'rpo met', 'verifyInterval met'],
  });
  const file = join(installation.directory, 'status.html');
  for (const language of ['en', 'zh']) {
    const report = await run('report', 'crm-database', '--to', file, '--language', language);
    assert.equal(report.exitCode, 0, report.stderr);
    assert.match(report.stdout, /status\.html: met/);
    const page = await readFile(file, 'utf8');
    assert.match(page, new RegExp(`<html lang="${language}`));
    assert.match(page, /Covered: every job meets its objectives/);
    assert.doesNotMatch(page, /crm-attachments/);
  }
  const nowhere = await run('report', '--to', join(file, 'in-a-file.html'));
  assert.equal(nowhere.exitCode, 2);
  const text = await run('status');
  assert.equal(text.exitCode, 0, text.stderr);
  assert.match(text.stdout, /crm-attachments: breached/);
});

interface RunEvent {
  readonly level: string;
  readonly message: string;
  readonly run: string;
  readonly job: string;
  readonly kind: string;
  readonly error?: { readonly code: string };
}

function eventsOf(stderr: string): RunEvent[] {
  return stderr.split('\n').map((line) => JSON.parse(line) as RunEvent);
}

function namesOf({ job, kind }: RunEvent): string[] {
  return [job, kind];
}

test('`config check` refuses a time that a clock change skips, and names the next such date', async () => {
  await using installation = await testInstallation(3);
  await editConfiguration(installation.configFile, (configuration) => {
    configuration.timeZone = 'America/New_York';
    configuration.jobs['crm-database'].schedules = { full: '30 2 * * *', prune: '0 4 * * *' };
  });
  const { exitCode, stderr } = await installation.run('config', 'check');
  assert.equal(exitCode, 3);
  assert.match(stderr, /jobs\.crm-database\.schedules\.full: \d{4}-03-\d\dT02:30 is skipped/);
  assert.doesNotMatch(stderr, /prune/);
});
