import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Manifest } from '../../contracts/manifest.ts';
import { runBackup } from '../../backup-agent/operations/backup.ts';
import { copyBackups } from '../../backup-agent/operations/copy.ts';
import { holdBackup, releaseBackup } from '../../backup-agent/operations/hold.ts';
import { pruneBackups } from '../../backup-agent/operations/prune.ts';
import { repairBackups } from '../../backup-agent/operations/repair.ts';
import { verifyBackups } from '../../backup-agent/operations/verify.ts';
import { commitKey, objectKey } from '../../backup-agent/repository/layout.ts';
import { startS3Server } from '../fixtures/s3/server.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { makeInstallation, openInstallation } from './support/installation.ts';
import { dayMs, run } from './support/scenario.ts';
import { openStore, type Store } from './support/stores.ts';

/** An installation whose repositories lie in a bucket with Object Lock; its clock is the server's too. */
async function vault() {
  let skewMs = 0;
  const clock = () => new Date(Date.now() + skewMs);
  const server = await startS3Server({ clock });
  const directory = await temporaryDirectory();
  await makeInstallation(directory.path);
  const store: Store = { type: 's3', endpoint: server.endpoint, bucket: 'locked', prefix: 'crm' };
  const s3 = { type: 's3', bucket: 'locked', objectLock: 'governance' };
  const storages = {
    primary: openStore(store, 'primary'),
    offsite: openStore(store, 'offsite'),
  };
  const agent = await openInstallation(directory.path, {
    now: clock,
    storage: (name) => (name === 'primary' ? storages.primary : storages.offsite),
    repositories: { primary: s3, offsite: s3 },
    job: { retention: { keepWithin: '14d' }, maxChainAge: '7d' },
  });
  const backup = async (kind: 'full' | 'incremental') => {
    const [manifest] = await runBackup(agent, { job: 'crm', kind }, run);
    assert.ok(manifest);
    return manifest;
  };
  return {
    agent,
    backup,
    storage: storages.primary,
    pass: async (days: number) => {
      skewMs += days * dayMs;
      // A client learns the server's time from an answer, and signs by it from then on.
      await storages.primary.now();
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

const firstObject = ({ job, id, objects }: Manifest) =>
  objectKey(job, id, 'objects', objects[0]?.name ?? '');
const check = { job: 'crm' };

test('every put under jobs/ is locked for its retention and the longest chain, nothing else is', async () => {
  await using v = await vault();
  const manifest = await v.backup('full');
  await copyBackups(v.agent, 'crm', 'offsite', run);
  const earliest = Date.parse(manifest.startedAt) + 21 * dayMs;
  for (const name of ['primary', 'offsite']) {
    const { storage } = await v.agent.openRepository(name);
    const versions = await Array.fromAsync(storage.listVersions('', { withLocks: true }));
    assert.ok(versions.length > 6);
    for (const { key, lockedUntil } of versions)
      if (key.startsWith('jobs/')) {
        assert.ok(lockedUntil && lockedUntil.getTime() >= earliest, key);
        assert.ok(lockedUntil.getTime() <= earliest + dayMs, key);
      } else assert.equal(lockedUntil, undefined, key);
  }
});

test('prune leaves what is locked restorable, and says so; after the lock it goes', async () => {
  await using v = await vault();
  const old = await v.backup('full');
  await v.pass(16);
  await v.backup('full');
  const plan = await pruneBackups(v.agent, { ...check, confirm: true }, run);
  const [first] = plan.backups;
  assert.equal(first?.id, old.id);
  assert.deepEqual(
    first?.reasons.map(({ rule }) => rule),
    ['locked'],
  );
  await v.pass(6);
  const done = await pruneBackups(v.agent, { ...check, confirm: true }, run);
  assert.deepEqual(
    done.backups.map(({ keep }) => keep),
    [false, true],
  );
  assert.deepEqual(done.locked, []);
  const left = await Array.fromAsync(v.storage.listVersions(`jobs/crm/${old.id}/`));
  assert.deepEqual(left, []);
});

test('a delete marker is reported, and lifted by repair', async () => {
  await using v = await vault();
  const manifest = await v.backup('full');
  await copyBackups(v.agent, 'crm', 'offsite', run);
  await v.storage.remove(firstObject(manifest));
  const { damage } = await verifyBackups(v.agent, check, run);
  assert.deepEqual(
    damage.map(({ kind, key }) => [kind, key]),
    [['hidden', firstObject(manifest)]],
  );
  const { repaired, after } = await repairBackups(v.agent, { ...check, from: 'offsite' }, run);
  assert.deepEqual(repaired, [{ key: firstObject(manifest), how: 'uncovered' }]);
  assert.deepEqual(after.damage, []);
});

test('a version put over an object is read even without --read, and taken off again without any copy', async () => {
  await using v = await vault();
  const manifest = await v.backup('full');
  const size = manifest.objects[0]?.sizeBytes ?? 0;
  await v.storage.put(firstObject(manifest), new Uint8Array(size));
  const { damage } = await verifyBackups(v.agent, check, run);
  assert.deepEqual(
    damage.map(({ kind }) => kind),
    ['content'],
  );
  const { repaired, after } = await repairBackups(v.agent, check, run);
  assert.deepEqual(
    repaired.map(({ how }) => how),
    ['uncovered'],
  );
  assert.deepEqual(after.damage, []);
});

test('a locked version over an object is covered by a good copy', async () => {
  await using v = await vault();
  const manifest = await v.backup('full');
  await copyBackups(v.agent, 'crm', 'offsite', run);
  const lockUntil = new Date(Date.now() + dayMs);
  await v.storage.put(firstObject(manifest), Buffer.from('ransom'), { lockUntil });
  const { repaired, after } = await repairBackups(v.agent, { ...check, from: 'offsite' }, run);
  assert.deepEqual(
    repaired.map(({ how }) => how),
    ['fetched'],
  );
  assert.deepEqual(after.damage, []);
});

test('commits that were hidden or covered come back without any copy', async () => {
  await using v = await vault();
  await v.backup('full');
  await v.backup('incremental');
  await v.storage.remove(commitKey('crm', 2));
  await v.storage.put(commitKey('crm', 1), Buffer.from('{}'));
  await assert.rejects(verifyBackups(v.agent, check, run), (error: Error) => {
    assert.ok('problems' in error && Array.isArray(error.problems));
    assert.equal(error.problems.length, 2);
    return true;
  });
  const { repaired, after } = await repairBackups(v.agent, check, run);
  assert.deepEqual(
    repaired.map(({ key }) => key),
    [commitKey('crm', 1), commitKey('crm', 2)],
  );
  assert.deepEqual(after.damage, []);
});

test('a hold is a legal hold on every object of the chain, until it is released', async () => {
  await using v = await vault();
  await v.backup('full');
  const incremental = await v.backup('incremental');
  const held = async () => {
    const versions = await Array.fromAsync(
      v.storage.listVersions('jobs/crm/2', { withLocks: true }),
    );
    return versions.map(({ legalHold }) => legalHold ?? false);
  };
  const request = { ...check, backup: incremental.id, reason: 'case 17' };
  await holdBackup(v.agent, request);
  assert.deepEqual(new Set(await held()), new Set([true]));
  await releaseBackup(v.agent, request);
  assert.deepEqual(new Set(await held()), new Set([false]));
});
