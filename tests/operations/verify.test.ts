import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Manifest } from '../../contracts/manifest.ts';
import { verifyBackups } from '../../backup-agent/operations/verify.ts';
import { readCommitLog } from '../../backup-agent/repository/commit-log.ts';
import { sealDocument, manifestDocument } from '../../backup-agent/repository/documents.ts';
import { manifestKey, objectKey } from '../../backup-agent/repository/layout.ts';
import { selectSample, type Sample } from '../../backup-agent/repository/sample.ts';
import { generateIdentity } from '../../backup-agent/keys/identities.ts';
import { createFilesSource } from '../../backup-agent/sources/files/source.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { run, scenario } from './support/scenario.ts';

async function chainAndFull() {
  const s = await scenario();
  const [a, b, c] = [
    await s.backup('full'),
    await s.backup('incremental'),
    await s.backup('incremental'),
  ];
  s.pass(1);
  const d = await s.backup('full');
  return { ...s, a, b, c, d };
}

const firstObject = ({ job, id, objects }: Manifest) =>
  objectKey(job, id, 'objects', objects[0]?.name ?? '');
const check = { job: 'crm' };
const readAll: Sample = { type: 'all' };

test('a sound repository has no damage, at any depth', async () => {
  await using s = await chainAndFull();
  for (const request of [check, { ...check, read: readAll }, { ...check, deep: true }]) {
    const report = await verifyBackups(s.agent, request, run);
    assert.deepEqual(report.damage, []);
    assert.equal(report.backups, 4);
    assert.equal(report.sound, 4);
    assert.equal(report.newestSound, s.d.id);
  }
});

test('a missing object is named, with what depends on it and what still restores', async () => {
  await using s = await chainAndFull();
  await s.remove('primary', firstObject(s.b));
  const report = await verifyBackups(s.agent, check, run);
  assert.deepEqual(
    report.damage.map(({ kind, key, dependents }) => ({ kind, key, dependents })),
    [{ kind: 'missing', key: firstObject(s.b), dependents: [s.b.id, s.c.id] }],
  );
  assert.deepEqual(report.broken, [s.b.id, s.c.id]);
  assert.equal(report.sound, 2);
  assert.equal(report.newestSound, s.d.id);
});

test('a truncated object is seen without reading it', async () => {
  await using s = await chainAndFull();
  const file = s.file('primary', firstObject(s.a));
  await writeFile(file, (await readFile(file)).subarray(0, -1));
  const report = await verifyBackups(s.agent, check, run);
  assert.match(report.damage[0]?.what ?? '', /has \d+ of \d+ bytes/);
  assert.deepEqual(report.broken, [s.a.id, s.b.id, s.c.id]);
});

test('a flipped bit is seen by reading, not by listing', async () => {
  await using s = await chainAndFull();
  const file = s.file('primary', firstObject(s.d));
  const bytes = await readFile(file);
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 9) ^ 1, bytes.length - 9);
  await writeFile(file, bytes);
  assert.deepEqual((await verifyBackups(s.agent, check, run)).damage, []);
  for (const request of [
    { ...check, read: readAll },
    { ...check, deep: true },
  ]) {
    const report = await verifyBackups(s.agent, request, run);
    assert.deepEqual(
      report.damage.map(({ kind, key }) => [kind, key]),
      [['content', firstObject(s.d)]],
    );
    assert.deepEqual(report.broken, [s.d.id]);
    assert.equal(report.newestSound, s.c.id);
  }
});

test('objects swapped between backups are seen', async () => {
  await using s = await chainAndFull();
  const [one, other] = [s.file('primary', firstObject(s.a)), s.file('primary', firstObject(s.d))];
  const bytes = await readFile(one);
  await writeFile(one, await readFile(other));
  await writeFile(other, bytes);
  const report = await verifyBackups(s.agent, { ...check, read: readAll }, run);
  assert.deepEqual(
    report.damage.map(({ key }) => key),
    [firstObject(s.a), firstObject(s.d)],
  );
});

test('a manifest that is gone, forged or replayed is damage of its backup, each by its name', async () => {
  await using s = await chainAndFull();
  const file = s.file('primary', manifestKey('crm', s.d.id));
  const original = await readFile(file);
  const expect = async (pattern: RegExp) => {
    const report = await verifyBackups(s.agent, check, run);
    assert.match(report.damage[0]?.what ?? 'no damage', pattern);
    assert.equal(report.damage[0]?.backup, s.d.id);
    assert.deepEqual(report.broken, [s.d.id]);
  };
  const curator = await s.agent.signingKey('curator');
  const writer = await s.agent.signingKey('writer');
  await writeFile(file, sealDocument(manifestDocument, s.d, curator));
  await expect(/signer-untrusted/);
  await writeFile(file, JSON.stringify({ ...JSON.parse(original.toString()), signatures: [] }));
  await expect(/signature-missing/);
  await writeFile(file, sealDocument(manifestDocument, { ...s.d, items: 11 }, writer));
  await expect(/not the manifest that was committed/);
  await writeFile(file, await readFile(s.file('primary', manifestKey('crm', s.a.id))));
  await expect(new RegExp(`is the manifest of crm ${s.a.id}`));
  await s.remove('primary', manifestKey('crm', s.d.id));
  await expect(/storage-object-missing/);
});

test('the files in a damaged object are named', async () => {
  await using tree = await temporaryDirectory();
  await writeFile(join(tree.path, 'contract "ä".pdf'), 'signed');
  const source = createFilesSource({
    path: tree.path,
    exclude: [],
    oneFileSystem: true,
    segmentBytes: 1_000_000,
  });
  await using s = await scenario({ source });
  const manifest = await s.backup('full');
  await s.remove('primary', firstObject(manifest));
  const { damage } = await verifyBackups(s.agent, check, run);
  assert.deepEqual(damage[0]?.content, { names: ['contract "ä".pdf'], count: 1 });
});

test('what no manifest names is told, and is no damage', async () => {
  await using s = await chainAndFull();
  const stray = `jobs/crm/${s.a.id}/objects/"évil"\n.age`;
  await writeFile(s.file('primary', stray), 'x');
  const report = await verifyBackups(s.agent, check, run);
  assert.deepEqual([report.strays, report.damage], [[stray], []]);
});

test('a broken log is thrown, for it says what there should be', async () => {
  await using s = await chainAndFull();
  await s.remove('primary', 'jobs/crm/commits/0000000004.json');
  await assert.rejects(verifyBackups(s.agent, check, run), {
    code: 'commit-log-broken',
    message: /this host has seen commit 4/,
  });
});

test('a deep verification is recorded, what failed as well as what passed', async () => {
  await using s = await chainAndFull();
  await s.remove('primary', firstObject(s.b));
  await verifyBackups(s.agent, { ...check, deep: true }, run);
  const log = await readCommitLog(await s.agent.openRepository('primary'), 'crm', s.agent.signal);
  assert.deepEqual(log.at(-1)?.commit.subject, {
    type: 'verification',
    passed: [s.a.id, s.d.id],
    failed: [s.b.id, s.c.id],
  });
});

test('a backup that the identity does not open neither passes nor fails', async () => {
  await using s = await chainAndFull();
  const { identity } = await generateIdentity();
  const stranger = { ...s.agent, recoveryIdentities: async () => [identity] };
  const report = await verifyBackups(stranger, { ...check, deep: true }, run);
  assert.deepEqual(report.damage, []);
  assert.equal(report.unopened.length, 4);
  assert.equal(report.recorded, false);
});

test('a sample of one in seven reads all in a week, each object once', () => {
  const items = Array.from({ length: 500 }, (_, index) => ({
    key: `jobs/crm/object-${index}`,
    entry: { sizeBytes: 1 + (index % 9) },
  }));
  const sample: Sample = { type: 'part', parts: 7 };
  const days = Array.from({ length: 7 }, (_, day) => new Date(Date.UTC(2026, 10, 20 + day)));
  const read = days.flatMap((day) => selectSample(items, sample, day));
  assert.equal(read.length, items.length);
  assert.equal(new Set(read).size, items.length);
});

test('a share or size is met, from other objects each day', () => {
  const items = Array.from({ length: 100 }, (_, index) => ({
    key: `object-${index}`,
    entry: { sizeBytes: 10 },
  }));
  const today = new Date('2026-11-22T01:00:00Z');
  const share: Sample = { type: 'share', share: 0.05 };
  assert.equal(selectSample(items, share, today).length, 5);
  assert.equal(selectSample(items, { type: 'bytes', bytes: 101 }, today).length, 11);
  assert.equal(selectSample(items, { type: 'bytes', bytes: 1e9 }, today).length, 100);
  assert.deepEqual(
    selectSample(items, share, today),
    selectSample(items, share, new Date('2026-11-22T23:00:00Z')),
  );
  assert.notDeepEqual(
    selectSample(items, share, today),
    selectSample(items, share, new Date('2026-11-23T01:00:00Z')),
  );
});
