import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { Manifest } from '../../contracts/manifest.ts';
import { copyBackups } from '../../backup-agent/operations/copy.ts';
import { repairBackups } from '../../backup-agent/operations/repair.ts';
import { manifestKey, objectKey } from '../../backup-agent/repository/layout.ts';
import { run, scenario } from './support/scenario.ts';

const firstObject = ({ job, id, objects }: Manifest) =>
  objectKey(job, id, 'objects', objects[0]?.name ?? '');
const request = { job: 'crm', from: 'offsite' };

async function copied() {
  const s = await scenario();
  const backups = [
    await s.backup('full'),
    await s.backup('incremental'),
    await s.backup('incremental'),
  ];
  await copyBackups(s.agent, 'crm', 'offsite', run);
  const [a, b, c] = backups;
  assert.ok(a && b && c);
  return { ...s, a, b, c };
}

async function flip(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes.writeUInt8(bytes.readUInt8(40) ^ 4, 40);
  await writeFile(file, bytes);
}

test('damaged, truncated and missing objects and manifests come back from the copy', async () => {
  await using s = await copied();
  const files = [firstObject(s.a), firstObject(s.b), firstObject(s.c), manifestKey('crm', s.c.id)];
  const before = await Promise.all(files.map((key) => readFile(s.file('primary', key))));
  await flip(s.file('primary', firstObject(s.a)));
  await writeFile(s.file('primary', firstObject(s.b)), 'short');
  await s.remove('primary', firstObject(s.c));
  await s.remove('primary', manifestKey('crm', s.c.id));
  const outcome = await repairBackups(s.agent, request, run);
  assert.deepEqual(outcome.repaired.map(({ key }) => key).toSorted(), files.toSorted());
  assert.deepEqual(outcome.unrepaired, []);
  assert.deepEqual(outcome.after.damage, []);
  const after = await Promise.all(files.map((key) => readFile(s.file('primary', key))));
  assert.deepEqual(after, before);
});

test('a copy that is damaged too replaces nothing, and is named', async () => {
  await using s = await copied();
  const file = s.file('primary', firstObject(s.a));
  await flip(file);
  const bad = await readFile(file);
  await writeFile(s.file('offsite', firstObject(s.a)), bad);
  const outcome = await repairBackups(s.agent, request, run);
  assert.deepEqual(
    outcome.unrepaired.map(({ key }) => key),
    [firstObject(s.a)],
  );
  assert.match(outcome.unrepaired[0]?.why ?? '', /object-damaged/);
  assert.deepEqual(await readFile(file), bad);
  assert.equal(outcome.after.damage.length, 1);
});

test('a copy can be mended from the primary', async () => {
  await using s = await copied();
  await s.remove('offsite', firstObject(s.b));
  const outcome = await repairBackups(
    s.agent,
    { job: 'crm', repository: 'offsite', from: 'primary' },
    run,
  );
  assert.deepEqual(outcome.repaired, [{ key: firstObject(s.b), how: 'fetched' }]);
  assert.deepEqual(outcome.after.damage, []);
});

test('a repository is not repaired from itself', async () => {
  await using s = await copied();
  await assert.rejects(repairBackups(s.agent, { job: 'crm', from: 'primary' }, run), {
    code: 'usage-invalid',
  });
});

test('without a copy, a storage that keeps no versions is not searched for any', async () => {
  await using s = await copied();
  await assert.rejects(repairBackups(s.agent, { job: 'crm' }, run), {
    code: 'usage-invalid',
    message: /primary keeps no versions/,
    hint: /holdfast repair crm --from/,
  });
});
