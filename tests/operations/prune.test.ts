import assert from 'node:assert/strict';
import { access, mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { copyBackups } from '../../backup-agent/operations/copy.ts';
import { pruneBackups } from '../../backup-agent/operations/prune.ts';
import { verifyBackups } from '../../backup-agent/operations/verify.ts';
import { appendCommit, readCommitLog } from '../../backup-agent/repository/commit-log.ts';
import { openLocalStorage } from '../../backup-agent/storage/local.ts';
import { createTestSource } from './support/test-source.ts';
import { run, scenario } from './support/scenario.ts';

const stored = async (directory: string, repository: string) =>
  (await readdir(join(directory, repository, 'jobs/crm'))).filter((name) => /^\d{8}T/.test(name));

/** Local storage that tells the test's own time. */
const withClock = (directory: string, now: () => Date) => (name: string) =>
  openLocalStorage(join(directory, name), { clock: now });

async function threeChains() {
  const s = await scenario({ job: { retention: { keepLast: 3 } } });
  const agent = await s.open({ storage: withClock(s.directory, s.now) });
  const chains = [];
  for (let index = 0; index < 3; index++) {
    chains.push([await s.backup('full', agent), await s.backup('incremental', agent)]);
    s.pass(10);
  }
  return { ...s, agent, chains: chains.map((chain) => chain.map(({ id }) => id)) };
}

test('without --confirm nothing is changed, and the outcome says what would be', async () => {
  await using s = await threeChains();
  const before = await stored(s.directory, 'primary');
  const outcome = await pruneBackups(s.agent, { job: 'crm', confirm: false }, run);
  assert.equal(outcome.confirmed, false);
  assert.deepEqual(
    outcome.backups.map(({ keep }) => keep),
    [false, false, true, true, true, true],
  );
  assert.ok(outcome.freedBytes > 0);
  assert.deepEqual(await stored(s.directory, 'primary'), before);
  assert.equal((await s.ids()).length, 6);
});

test('confirmed, what no rule keeps is committed as pruned and deleted', async () => {
  await using s = await threeChains();
  const outcome = await pruneBackups(s.agent, { job: 'crm', confirm: true }, run);
  const kept = outcome.backups.filter(({ keep }) => keep).map(({ id }) => id);
  assert.deepEqual(await s.ids(), kept);
  assert.deepEqual(await stored(s.directory, 'primary'), kept);
  const report = await verifyBackups(s.agent, { job: 'crm', read: { type: 'all' } }, run);
  assert.deepEqual(report.damage, []);
  const again = await pruneBackups(s.agent, { job: 'crm', confirm: true }, run);
  assert.equal(again.freedBytes, 0);
  assert.equal((await readLog(s)).length, 7, 'a prune that prunes nothing commits nothing');
});

const readLog = async (s: Awaited<ReturnType<typeof scenario>>) =>
  readCommitLog(await s.agent.openRepository('primary'), 'crm', s.agent.signal);

test('a drill or deep verification decides what counts', async () => {
  await using s = await threeChains();
  const verified = await verifyBackups(s.agent, { job: 'crm', deep: true }, run);
  assert.equal(verified.recorded, true);
  s.pass(1);
  await s.backup('full', s.agent);
  const { backups } = await pruneBackups(s.agent, { job: 'crm', confirm: false }, run);
  assert.deepEqual(
    backups.map(({ standing, keep }) => [standing, keep]),
    [
      ['proven', false],
      ['proven', false],
      // The newest one, unproven, takes none of the three places.
      ['proven', true],
      ['proven', true],
      ['proven', true],
      ['proven', true],
      ['unproven', true],
    ],
  );
});

test('a prune that was interrupted is finished by the next', async () => {
  await using s = await threeChains();
  const storage = withClock(s.directory, s.now);
  const broken = await s.open({
    storage: (name) => {
      const inner = storage(name);
      let removals = 0;
      return new Proxy(inner, {
        get(target, property) {
          if (property === 'remove')
            return async (key: string) => {
              if ((removals += 1) > 4) throw new Error('the power went out');
              await target.remove(key);
            };
          const value: unknown = Reflect.get(target, property);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    },
  });
  await assert.rejects(pruneBackups(broken, { job: 'crm', confirm: true }, run), /power/);
  assert.equal((await stored(s.directory, 'primary')).length, 5, 'the newest of them went');
  assert.equal((await s.ids()).length, 4, 'what the commit names does not exist');
  s.pass(1);
  const outcome = await pruneBackups(s.agent, { job: 'crm', confirm: true }, run);
  assert.ok(outcome.leftovers.every(({ why }) => why === 'pruned'));
  assert.deepEqual(await stored(s.directory, 'primary'), await s.ids());
});

test('orphans go after the grace period, not before', async () => {
  await using s = await threeChains();
  const orphan = '20260401T000000Z-0bad00';
  const folder = join(s.directory, 'primary/jobs/crm', orphan, 'objects');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'x.tar.zst.age'), 'left by a dead writer');
  const touch = (ageHours: number) => {
    const time = new Date(s.now().getTime() - ageHours * 3_600_000);
    return utimes(join(folder, 'x.tar.zst.age'), time, time);
  };
  await touch(23);
  assert.deepEqual((await pruneBackups(s.agent, { job: 'crm', confirm: true }, run)).leftovers, []);
  await access(folder);
  await touch(25);
  const { leftovers } = await pruneBackups(s.agent, { job: 'crm', confirm: true }, run);
  assert.deepEqual(
    leftovers.map(({ id, why }) => [id, why]),
    [[orphan, 'orphan']],
  );
  await assert.rejects(access(folder));
});

test('a writer that was swept as an orphan while it slept cannot commit', async () => {
  await using s = await threeChains();
  const asleep = Promise.withResolvers<void>();
  const woken = Promise.withResolvers<void>();
  let first = true;
  const slow = await s.open({
    by: 'slow',
    storage: (name) => {
      const inner = withClock(s.directory, s.now)(name);
      return new Proxy(inner, {
        get(target, property) {
          const value: unknown = Reflect.get(target, property);
          if (property === 'put')
            return async (...args: Parameters<typeof target.put>) => {
              if (args[0].includes('/commits/') && first) {
                first = false;
                asleep.resolve();
                await woken.promise;
              }
              return target.put(...args);
            };
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    },
  });
  const backup = s.backup('full', slow);
  backup.catch(() => undefined);
  await asleep.promise;
  // Files carry the real time: the storage's clock goes a week past it, and the lease has expired.
  s.setTime(new Date(Date.now() + 7 * 86_400_000));
  const outcome = await pruneBackups(s.agent, { job: 'crm', confirm: true }, run);
  assert.deepEqual(
    outcome.leftovers.map(({ why }) => why),
    ['orphan'],
  );
  woken.resolve();
  await assert.rejects(backup, { code: 'commit-conflict' });
  const report = await verifyBackups(s.agent, { job: 'crm' }, run);
  assert.deepEqual(report.damage, []);
});

test('a copy that was swept as an orphan is made again', async () => {
  await using s = await threeChains();
  const target = await s.agent.openOrCreateRepository('offsite');
  const id = (await s.ids()).at(-2) ?? '';
  await appendCommit(
    {
      repository: target,
      job: 'crm',
      subject: { type: 'prune', ids: [id] },
      key: await s.agent.signingKey('curator'),
      by: 'test',
      now: s.now,
      signal: s.agent.signal,
      stillValid: () => false,
    },
    [],
  );
  await copyBackups(s.agent, 'crm', 'offsite', run);
  assert.deepEqual(await s.ids('offsite'), await s.ids());
});

test('what was pruned from a copy does not come back, nor what hangs on it', async () => {
  await using s = await threeChains();
  await copyBackups(s.agent, 'crm', 'offsite', run);
  await pruneBackups(s.agent, { job: 'crm', repository: 'offsite', confirm: true }, run);
  const kept = await s.ids('offsite');
  assert.equal((await copyBackups(s.agent, 'crm', 'offsite', run)).copied.length, 0);
  assert.deepEqual(await s.ids('offsite'), kept);
});

test("a clock that differs from the storage's stops it", async () => {
  await using s = await threeChains();
  const skewed = await s.open({ storage: withClock(s.directory, () => new Date()) });
  for (const confirm of [false, true])
    await assert.rejects(pruneBackups(skewed, { job: 'crm', confirm }, run), {
      code: 'clock-skewed',
    });
});

test('another run at work stops it', async () => {
  await using s = await threeChains();
  const release = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const source = createTestSource({
    pause: () => {
      started.resolve();
      return release.promise;
    },
  });
  const busy = s.backup('full', await s.open({ source, storage: withClock(s.directory, s.now) }));
  await started.promise;
  await assert.rejects(pruneBackups(s.agent, { job: 'crm', confirm: true }, run), {
    code: 'lease-held',
  });
  release.resolve();
  await busy;
});
