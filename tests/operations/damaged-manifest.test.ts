import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import type { Manifest } from '../../contracts/manifest.ts';
import { copyBackups } from '../../backup-agent/operations/copy.ts';
import { holdBackup, releaseBackup } from '../../backup-agent/operations/hold.ts';
import { pruneBackups } from '../../backup-agent/operations/prune.ts';
import { runJob } from '../../backup-agent/operations/run-job.ts';
import { selectBackup, type Selection } from '../../backup-agent/operations/select-backup.ts';
import { describeWatch, watchAnomalies } from '../../backup-agent/operations/watch-anomalies.ts';
import { isHoldfastError, isIntegrity } from '../../backup-agent/errors/holdfast-error.ts';
import { commitKey, manifestKey, objectKey } from '../../backup-agent/repository/layout.ts';
import { openLocalStorage } from '../../backup-agent/storage/local.ts';
import type { InstallationOptions } from './support/installation.ts';
import { run, scenario } from './support/scenario.ts';
import { createTestSource } from './support/test-source.ts';

/** Two chains: a full with two incrementals, and a full a day later. */
async function twoChains(options: InstallationOptions = {}) {
  const s = await scenario(options);
  const a = await s.backup('full');
  const [b, c] = [await s.backup('incremental'), await s.backup('incremental')];
  s.pass(1);
  const d = await s.backup('full');
  const warnings: string[] = [];
  const log = { ...s.agent.log, warn: (_: object, text: string) => void warnings.push(text) };
  const agent = { ...s.agent, log };
  const damage = ({ id }: Manifest, repository = 'primary') =>
    writeFile(s.file(repository, manifestKey('crm', id)), 'garbage');
  const select = async (selection: Omit<Selection, 'job'>) =>
    (await selectBackup(agent, { job: 'crm', ...selection })).record.manifest.id;
  return { ...s, agent, a, b, c, d, warnings, damage, select };
}

const hintOf = (text: RegExp) => (error: Error & { hint?: string; exitCode?: number }) => {
  assert.equal(error.exitCode, 6);
  assert.match(error.hint ?? '', text);
  return true;
};

describe('a damaged manifest and restores', () => {
  test('every sound backup restores by its id, with a warning that names the damaged one', async () => {
    await using s = await twoChains();
    await s.damage(s.b);
    for (const { id } of [s.a, s.d]) assert.equal(await s.select({ backup: id }), id);
    assert.equal(await s.select({ backup: 'latest' }), s.d.id);
    assert.match(s.warnings[0] ?? '', new RegExp(`${s.b.id} is damaged: primary: .*repair`));
    for (const { id } of [s.b, s.c])
      await assert.rejects(
        s.select({ backup: id }),
        hintOf(new RegExp(`--backup ${s.d.id}.*--from offsite`)),
      );
  });

  test('no older backup is taken silently for the newest, nor a younger one for the oldest', async () => {
    await using s = await twoChains();
    await s.remove('primary', manifestKey('crm', s.d.id));
    await assert.rejects(s.select({ backup: 'latest' }), hintOf(new RegExp(`--backup ${s.c.id}`)));
    await s.damage(s.a);
    await assert.rejects(s.select({ backup: 'oldest' }), hintOf(/--from offsite/));
    await assert.rejects(s.select({ backup: 'latest' }), /newest backup of job crm/);
  });

  test('what hangs on a damaged backup counts as damaged: a full is the newest sound one', async () => {
    await using s = await scenario();
    const [a, b] = [await s.backup('full'), await s.backup('incremental')];
    const c = await s.backup('incremental');
    await writeFile(s.file('primary', manifestKey('crm', b.id)), 'garbage');
    const latest = selectBackup(s.agent, { job: 'crm', backup: 'latest' });
    await assert.rejects(latest, new RegExp(`${c.id}.*needs ${b.id}`));
    await assert.rejects(latest, hintOf(new RegExp(`--backup ${a.id}`)));
  });

  test('a moment that the damaged backup may lead to is refused; others are not', async () => {
    await using s = await twoChains();
    await s.damage(s.c);
    const at = (manifest: Manifest, ms: number) =>
      s.select({ backup: 'latest', at: new Date(Date.parse(manifest.point.time) + ms) });
    assert.equal(await at(s.b, 0), s.b.id);
    // Files are as the last backup before the moment has them, and that is not the damaged one.
    assert.equal(await at(s.c, -1000), s.b.id);
    await assert.rejects(at(s.c, 0), hintOf(new RegExp(`--backup ${s.b.id}.*--from offsite`)));
    assert.equal(await at(s.d, 1), s.d.id);
    await s.damage(s.a);
    await assert.rejects(at(s.b, 0), { exitCode: 6 });
    await assert.rejects(at(s.a, -60_000_000), { code: 'moment-not-covered' });
  });

  test('a moment of a database is refused when only the log of the damaged backup leads to it', async () => {
    await using s = await twoChains({ source: { ...createTestSource(), kind: 'postgres' } });
    await s.damage(s.c);
    const at = (manifest: Manifest, ms: number) =>
      s.select({ backup: 'latest', at: new Date(Date.parse(manifest.point.time) + ms) });
    assert.equal(await at(s.b, -1), s.b.id);
    await assert.rejects(at(s.b, 1), hintOf(new RegExp(`--backup ${s.b.id}`)));
    assert.equal(await at(s.d, 1), s.d.id);
  });
});

describe('a damaged manifest and copies', () => {
  test('what is sound is copied, and what is not is named with what hangs on it', async () => {
    await using s = await twoChains();
    await s.damage(s.b);
    const outcome = await copyBackups(s.agent, 'crm', 'offsite', run);
    assert.deepEqual(
      outcome.copied.map(({ id }) => id),
      [s.d.id, s.a.id],
    );
    assert.deepEqual(
      outcome.uncopied.map(({ where }) => where),
      [s.b.id, s.c.id],
    );
    assert.deepEqual(await s.ids('offsite'), [s.a.id, s.d.id]);
    const scheduled = await runJob(s.agent, { job: 'crm', kind: 'copy' }, run);
    assert.equal(scheduled.outcome, 'bad');
    assert.match(scheduled.summary, new RegExp(`NOT COPIED: ${s.b.id}`));
  });

  test('what the copy has already is not missed, and what hangs on it is copied', async () => {
    await using s = await scenario();
    const a = await s.backup('full');
    await copyBackups(s.agent, 'crm', 'offsite', run);
    const b = await s.backup('incremental');
    await writeFile(s.file('primary', manifestKey('crm', a.id)), 'garbage');
    const { copied, uncopied } = await copyBackups(s.agent, 'crm', 'offsite', run);
    assert.deepEqual([copied.map(({ id }) => id), uncopied], [[b.id], []]);
  });

  test('a damaged object keeps only its own backup, and what hangs on it, from the copy', async () => {
    await using s = await twoChains();
    const object = objectKey('crm', s.b.id, 'objects', s.b.objects[0]?.name ?? '');
    const bytes = await readFile(s.file('primary', object));
    bytes.writeUInt8(bytes.readUInt8(9) ^ 1, 9);
    await writeFile(s.file('primary', object), bytes);
    const { copied, uncopied } = await copyBackups(s.agent, 'crm', 'offsite', run);
    assert.deepEqual(
      [copied.map(({ id }) => id), uncopied.map(({ where }) => where)],
      [
        [s.d.id, s.a.id],
        [s.b.id, s.c.id],
      ],
    );
  });

  test('damage in the copy is named, and nothing is put upon it', async () => {
    await using s = await scenario();
    const a = await s.backup('full');
    await copyBackups(s.agent, 'crm', 'offsite', run);
    const b = await s.backup('incremental');
    await writeFile(s.file('offsite', manifestKey('crm', a.id)), 'garbage');
    const { copied, uncopied } = await copyBackups(s.agent, 'crm', 'offsite', run);
    assert.deepEqual([copied, uncopied.map(({ where }) => where)], [[], [a.id, b.id]]);
  });
});

describe('a damaged manifest and holds', () => {
  test('a sound backup is held; the damaged one, and what needs it, is refused', async () => {
    await using s = await twoChains();
    await s.damage(s.b);
    const request = { job: 'crm', repository: 'primary', reason: 'case 17' };
    const [held] = await holdBackup(s.agent, { ...request, backup: s.d.id });
    assert.equal(held?.held, true);
    for (const { id } of [s.b, s.c])
      await assert.rejects(holdBackup(s.agent, { ...request, backup: id }), { exitCode: 6 });
  });

  test('a release is refused while nobody knows what a damaged held backup needs', async () => {
    await using s = await twoChains();
    const request = { job: 'crm', repository: 'primary', reason: 'case 17' };
    await holdBackup(s.agent, { ...request, backup: s.a.id });
    await holdBackup(s.agent, { ...request, backup: s.c.id });
    await s.damage(s.c);
    await assert.rejects(releaseBackup(s.agent, { ...request, backup: s.a.id }), { exitCode: 6 });
  });
});

test('nothing is pruned while a manifest is damaged, and the refusal says which', async () => {
  await using s = await twoChains();
  await s.damage(s.b);
  s.pass(400);
  const agent = await s.open({
    storage: (name) => openLocalStorage(s.file(name, ''), { clock: s.now }),
  });
  for (const confirm of [false, true])
    await assert.rejects(pruneBackups(agent, { job: 'crm', confirm }, run), (error) => {
      assert.ok(isHoldfastError(error) && isIntegrity(error));
      assert.match(error.message, /nothing is pruned in primary/);
      assert.deepEqual(
        error.problems.map(({ where }) => where),
        [s.b.id],
      );
      return true;
    });
});

describe('a backup after damage', () => {
  test('is told as the one that was committed, and compared with what can be read', async () => {
    await using s = await twoChains();
    await s.damage(s.b);
    const { outcome, summary } = await runJob(s.agent, { job: 'crm', kind: 'incremental' }, run);
    assert.equal(outcome, 'good');
    assert.match(summary, /^incremental /);
  });

  test('is told as committed where nothing can be compared, and that this is so', async () => {
    await using s = await twoChains();
    const taken = await s.backup('incremental');
    await writeFile(s.file('primary', commitKey('crm', 1)), 'garbage');
    const watch = await watchAnomalies(s.agent, 'crm', [taken]);
    assert.deepEqual(watch.suspicious, []);
    assert.match(describeWatch(watch).join(), /the backup is committed, but .*document-malformed/);
  });
});
