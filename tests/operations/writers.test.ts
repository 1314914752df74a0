import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runBackup } from '../../backup-agent/operations/backup.ts';
import { copyBackups } from '../../backup-agent/operations/copy.ts';
import { readHistory } from '../../backup-agent/operations/history.ts';
import { verifyBackups } from '../../backup-agent/operations/verify.ts';
import { manifestKey } from '../../backup-agent/repository/layout.ts';
import { openLocalStorage } from '../../backup-agent/storage/local.ts';
import type { Storage } from '../../backup-agent/storage/storage.ts';
import { startS3Server } from '../fixtures/s3/server.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { makeInstallation, openInstallation } from './support/installation.ts';
import { run, scenario } from './support/scenario.ts';
import { openStore, type Store } from './support/stores.ts';
import { createTestSource } from './support/test-source.ts';

/** A source that stops in the middle until it is let go. */
function slowSource() {
  const started = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const pause = () => {
    started.resolve();
    return released.promise;
  };
  return {
    source: createTestSource({ pause }),
    started: started.promise,
    release: released.resolve,
  };
}

/** A storage that tells what is read of it. */
function withRead(inner: Storage, read: (key: string) => void): Storage {
  return new Proxy(inner, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (property === 'get')
        return (...args: Parameters<Storage['get']>) => {
          read(args[0]);
          return target.get(...args);
        };
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const sound = async (s: Awaited<ReturnType<typeof scenario>>, repository = 'primary') => {
  const check = { job: 'crm', repository, read: { type: 'all' } } as const;
  assert.deepEqual((await verifyBackups(s.agent, check, run)).damage, []);
};

test('of two writers at once the second does not begin', async () => {
  await using s = await scenario();
  const { source, started, release } = slowSource();
  const first = s.backup('full', await s.open({ source }));
  await started;
  await assert.rejects(s.backup('full'), { code: 'lease-held', message: /test\/\d+/ });
  release();
  await first;
  assert.equal((await s.ids()).length, 1);
});

test('a writer that waits begins when the first has ended', async () => {
  await using s = await scenario();
  const { source, started, release } = slowSource();
  const first = s.backup('full', await s.open({ source }));
  await started;
  const looked = Promise.withResolvers<void>();
  const waiting = await s.open({
    storage: (name) =>
      withRead(openLocalStorage(s.file(name, '')), (key) => {
        if (key.startsWith('leases/')) looked.resolve();
      }),
  });
  const second = runBackup(waiting, { job: 'crm', kind: 'incremental', wait: true }, run);
  await looked.promise;
  release();
  const [manifest] = await second;
  assert.equal(manifest?.parent, (await first).id);
});

test('a writer that waits can be stopped', async () => {
  await using s = await scenario();
  const { source, started, release } = slowSource();
  const first = s.backup('full', await s.open({ source }));
  await started;
  const stop = new AbortController();
  const waiting = await s.open({ signal: stop.signal });
  const second = runBackup(waiting, { job: 'crm', kind: 'full', wait: true }, run);
  stop.abort(new Error('stopped by hand'));
  await assert.rejects(second, /stopped by hand|aborted/);
  release();
  await first;
});

test('a slow writer whose lease expired loses to the one that committed meanwhile', async () => {
  await using s = await scenario();
  await s.backup('full');
  const { source, started, release } = slowSource();
  const slow = s.backup('incremental', await s.open({ source, by: 'slow' }));
  slow.catch(() => undefined);
  await started;
  s.pass(1);
  const quick = await s.backup('incremental', await s.open({ by: 'quick' }));
  release();
  await assert.rejects(slow, { code: 'commit-conflict' });
  assert.equal((await s.ids()).at(-1), quick.id);
  assert.equal((await s.ids()).length, 2);
  await sound(s);
  const next = await s.backup('incremental');
  assert.equal(next.parent, quick.id);
});

test('a slow writer whose lease expired still commits when nobody else did', async () => {
  await using s = await scenario();
  const { source, started, release } = slowSource();
  const slow = s.backup('full', await s.open({ source }));
  await started;
  s.pass(1);
  release();
  const { id } = await slow;
  assert.deepEqual(await s.ids(), [id]);
});

test('two copies at once leave one whole copy', async () => {
  await using s = await scenario();
  await s.backup('full');
  await s.backup('incremental');
  await Promise.allSettled([1, 2].map(() => copyBackups(s.agent, 'crm', 'offsite', run)));
  await copyBackups(s.agent, 'crm', 'offsite', run);
  assert.deepEqual(await s.ids('offsite'), await s.ids());
  await sound(s, 'offsite');
});

test('a clock that jumps, back or forth, breaks no chain and repeats no id', async () => {
  await using s = await scenario();
  const first = await s.backup('full');
  s.pass(-400);
  const back = await s.backup('incremental');
  s.pass(5_000);
  const forth = await s.backup('full');
  s.setTime(new Date('2026-03-02T00:00:00Z'));
  const again = await s.backup('incremental');
  assert.deepEqual([back.parent, again.parent], [first.id, forth.id]);
  assert.deepEqual(await s.ids(), [first.id, back.id, forth.id, again.id]);
  await sound(s);
});

test('damage to an old backup stops no new one, damage to the newest chain begins a new one', async () => {
  await using s = await scenario();
  const old = await s.backup('full');
  const base = await s.backup('full');
  await s.remove('primary', manifestKey('crm', old.id));
  const next = await s.backup('incremental');
  assert.equal(next.parent, base.id);
  await s.remove('primary', manifestKey('crm', base.id));
  s.pass(-10);
  const full = await s.backup('incremental');
  assert.equal(full.kind, 'full');
  assert.ok(full.id > next.id);
  assert.equal((await s.backup('incremental')).parent, full.id);
});

test('a chain that has reached its greatest age is closed by a full', async () => {
  await using s = await scenario({ job: { maxChainAge: '7d' } });
  await s.backup('full');
  s.pass(6);
  assert.equal((await s.backup('incremental')).kind, 'incremental');
  s.pass(1);
  assert.equal((await s.backup('incremental')).kind, 'full');
});

for (const action of [
  { kind: 'cut-after' },
  { kind: 'status-after', status: 500, code: 'InternalError' },
] as const)
  for (const key of ['/commits/', '/manifest.json', '/objects/'])
    test(`a put of ${key} that ended in ${action.kind} but arrived is neither lost nor made twice`, async () => {
      await using server = await startS3Server();
      await using directory = await temporaryDirectory();
      await makeInstallation(directory.path);
      const store: Store = {
        type: 's3',
        endpoint: server.endpoint,
        bucket: 'versioned',
        prefix: 'x',
      };
      const agent = await openInstallation(directory.path, {
        storage: (name) => openStore(store, name),
      });
      server.faults.arm({ operation: 'PutObject', key, action });
      const taken = await runBackup(agent, { job: 'crm', kind: 'full' }, run);
      const repository = await agent.openRepository('primary');
      const { log, backups } = await readHistory(agent, repository, 'crm');
      assert.equal(log.length, 1);
      assert.deepEqual(
        backups.map(({ manifest }) => manifest.id),
        taken.map(({ id }) => id),
      );
      const check = { job: 'crm', read: { type: 'all' } } as const;
      assert.deepEqual((await verifyBackups(agent, check, run)).damage, []);
    });
