import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { Agent } from '../../backup-agent/operations/agent.ts';
import { runBackup } from '../../backup-agent/operations/backup.ts';
import { verifyBackups } from '../../backup-agent/operations/verify.ts';
import { createFilesSource } from '../../backup-agent/sources/files/source.ts';
import type { Storage } from '../../backup-agent/storage/storage.ts';
import { apply, edit } from '../sources/files/edits.ts';
import { assertSameTree, describeTree, type Described } from '../sources/files/tree.ts';
import { rounds } from '../support/scale.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import {
  largeSegments,
  makeAttachments,
  openAttachments,
  restoreAttachments,
  segmentBytes,
  storedOf,
  type AttachmentsOptions,
} from './support/attachments.ts';
import { countingPuts, withPoints } from './support/points.ts';
import { run } from './support/scenario.ts';

class Interruption extends Error {}

/** A storage that fails once it has passed so many points: nothing afterwards reaches it. */
function failingAfter(points: number): (storage: Storage) => Storage {
  let left = points;
  return (storage) =>
    withPoints(storage, (name) => {
      if (name.includes('lease')) return;
      if (left-- <= 0) throw new Interruption(name);
    });
}

/** Runs a backup that may be interrupted; its ids when it was not. */
async function tryBackup(
  directory: string,
  kind: 'full' | 'incremental' | 'auto',
  points: number,
): Promise<readonly string[] | undefined> {
  const agent = await openAttachments(directory, { wrap: failingAfter(points) });
  try {
    return (await runBackup(agent, { job: 'crm', kind }, run)).map(({ id }) => id);
  } catch (error) {
    if (!(error instanceof Interruption)) throw error;
    return undefined;
  }
}

async function assertSound(agent: Agent): Promise<void> {
  const check = { job: 'crm', repository: 'primary', read: { type: 'all' } } as const;
  assert.deepEqual((await verifyBackups(agent, check, run)).damage, []);
}

const files = 40;
/** In five parts, for it is larger than a segment. */
const largeBytes = 250_000;
const contentBytes = files * 10_000 + largeBytes;
/** Segments in the making at once, unless told. */
const lanes = 2;

function fill(directory: string): void {
  for (let number = 0; number < files; number++) {
    const folder = join(directory, 'source', `d${number % 7}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `f${number}`), Buffer.alloc(10_000, `${number} `));
  }
  writeFileSync(join(directory, 'source/large'), Buffer.alloc(largeBytes, 'large '));
}

function onlyBackup(directory: string): string {
  const [id, ...others] = readdirSync(join(directory, 'primary/jobs/crm')).filter((name) =>
    /^\d/.test(name),
  );
  assert.ok(id);
  assert.deepEqual(others, []);
  return id;
}

test('interrupted and started again with edits in between, every backup restores to its tree', async () => {
  const edits = fc.array(edit, { minLength: 1, maxLength: 12 });
  const attempts = fc.array(fc.tuple(edits, fc.nat(30)), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(edits, attempts, async (first, later) => {
      await using directory = await temporaryDirectory();
      await makeAttachments(directory.path);
      const source = join(directory.path, 'source');
      const points = new Map<string, Described>();
      fill(directory.path);
      for (const change of first) apply(source, change);
      for (const [changes, point] of [...later, [[], Infinity] as const]) {
        for (const change of changes) apply(source, change);
        if (readdirSync(source).length === 0) writeFileSync(join(source, 'not empty'), '');
        const taken = await tryBackup(directory.path, 'auto', point);
        const newest = taken?.at(-1);
        if (newest !== undefined) points.set(newest, describeTree(source));
      }
      const agent = await openAttachments(directory.path);
      await assertSound(agent);
      for (const [id, expected] of points) {
        const target = join(directory.path, `restored-${id}`);
        const { refused } = await restoreAttachments(agent, id, target);
        assert.deepEqual(refused, []);
        assertSameTree(target, expected);
      }
    }),
    { numRuns: rounds(3, 400) },
  );
});

test('whatever was stored when it was interrupted is in the backup, and not stored again', async () => {
  await using directory = await temporaryDirectory();
  await makeAttachments(directory.path);
  fill(directory.path);
  let point = 4;
  for (let committed = false; !committed; point += 3) {
    rmSync(join(directory.path, 'primary'), { recursive: true, force: true });
    rmSync(join(directory.path, 'state'), { recursive: true, force: true });
    if (await tryBackup(directory.path, 'full', point)) {
      committed = true;
      continue;
    }
    if (!existsSync(join(directory.path, 'primary/jobs/crm'))) continue;
    // Interrupted behind its commit, it is a backup already.
    if (existsSync(join(directory.path, 'primary/jobs/crm/commits'))) continue;
    const agent = await openAttachments(directory.path);
    const id = onlyBackup(directory.path);
    const before = await storedOf(agent, id);
    const [manifest] = await runBackup(agent, { job: 'crm', kind: 'full' }, run);
    assert.equal(manifest?.id, id);
    const after = await storedOf(agent, id);
    for (const [key, size] of before) assert.equal(after.get(key), size);
    const named = new Set(manifest.objects.map(({ name }) => `objects/${name}`));
    const kept = [...before.keys()].filter((key) => key.startsWith('objects/'));
    assert.deepEqual(
      kept.filter((key) => !named.has(key)),
      [],
    );
    // Each file stands in one segment: nothing was stored twice.
    const slack = 1.05 * (contentBytes + files * 1536) + (files + 10) * 1536;
    assert.ok(manifest.plaintextBytes < slack + 2 * segmentBytes, `${manifest.plaintextBytes}`);
  }
  assert.ok(point > 25, 'every stage was tried');
});

const program = join(import.meta.dirname, 'support/killed-attachments.ts');

test('a backup killed again and again comes to its end, and repeats only segments in the making', async () => {
  for (let round = 0; round < rounds(1, 40); round++) {
    await using directory = await temporaryDirectory();
    await makeAttachments(directory.path);
    fill(directory.path);
    // The clock of the next run is past the lease that the killed one left.
    let ms = Date.now();
    const open = () => openAttachments(directory.path, { now: () => new Date((ms += 180_000)) });
    let lost = 0;
    const kills = 3;
    for (let kill = 0; kill < kills; kill++) {
      const points = String(8 + Math.floor(Math.random() * 10));
      const { signal } = spawnSync(process.execPath, [program, directory.path, points]);
      if (signal !== 'SIGKILL') break;
      lost += lanes * segmentBytes;
      await rm(join(directory.path, 'primary/leases'), { recursive: true, force: true });
    }
    const agent = await open();
    const manifests = await runBackup(agent, { job: 'crm', kind: 'full' }, run);
    const bytes = manifests.reduce((sum, { plaintextBytes }) => sum + plaintextBytes, 0);
    const expected = contentBytes + (files + 5) * 1536;
    assert.ok(bytes < 1.05 * expected + lost, `${bytes} bytes for ${expected}, ${lost} lost`);
    const target = join(directory.path, 'restored');
    await restoreAttachments(agent, manifests.at(-1)?.id ?? '', target);
    assertSameTree(target, join(directory.path, 'source'));
    await assertSound(agent);
    assert.deepEqual(journalsIn(directory.path), []);
  }
});

test('of a large file, a kill repeats no more than 5 % of what was moved, and the parts in the making', async () => {
  await using directory = await temporaryDirectory();
  await makeAttachments(directory.path);
  const partBytes = 2 ** 20;
  const parts = rounds(12, 300);
  // Incompressible, so that bytes moved are bytes of the file.
  const file = join(directory.path, 'source/large');
  for (let part = 0; part < parts; part++)
    writeFileSync(file, randomBytes(partBytes), { flag: 'a' });
  const before = Math.floor(parts * partBytes * (0.4 + Math.random() * 0.5));
  const child = spawnSync(process.execPath, [program, directory.path, String(before), 'bytes']);
  assert.equal(child.signal, 'SIGKILL', child.stderr.toString());
  await rm(join(directory.path, 'primary/leases'), { recursive: true, force: true });
  let moved = 0;
  const agent = await openAttachments(directory.path, {
    source: largeSegments(directory.path),
    wrap: (storage) => countingPuts(storage, (bytes) => (moved += bytes)),
    signal: new AbortController().signal,
  });
  const [manifest] = await runBackup(agent, { job: 'crm', kind: 'full' }, run);
  const repeated = before + moved - parts * partBytes;
  const limit = 0.05 * before + 2 * partBytes;
  assert.ok(repeated <= limit, `${repeated} bytes repeated of ${before}, ${limit} allowed`);
  const target = join(directory.path, 'restored');
  await restoreAttachments(agent, manifest?.id ?? '', target);
  assertSameTree(target, join(directory.path, 'source'));
});

function journalsIn(directory: string): string[] {
  const folder = join(directory, '.holdfast-state/interrupted');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.journal'))
    .map((name) => join(folder, name));
}

describe('an interrupted backup is left alone', () => {
  const hour = 3_600_000;
  const cases: Record<string, (directory: string, id: string) => Promise<AttachmentsOptions>> = {
    'after a day, when a prune may sweep it': async () => ({
      now: () => new Date(Date.now() + 25 * hour),
    }),
    'when the job backs up another directory': async (directory) => {
      const path = join(directory, 'elsewhere');
      mkdirSync(path);
      writeFileSync(join(path, 'file'), 'content');
      return { source: createFilesSource({ path, segmentBytes }) };
    },
    'when other files are left out': async (directory) => ({
      source: createFilesSource({
        path: join(directory, 'source'),
        exclude: ['f1*'],
        segmentBytes,
      }),
    }),
    'when all content is to be read': async (directory) => ({
      source: createFilesSource({
        path: join(directory, 'source'),
        verifyContent: true,
        segmentBytes,
      }),
    }),
    'when something is stored that this host does not know': async (directory, id) => {
      writeFileSync(join(directory, 'primary/jobs/crm', id, 'objects/s000099.tar.zst.age'), 'x');
      return {};
    },
    'when an object has another size': async (directory, id) => {
      truncateSync(join(directory, 'primary/jobs/crm', id, 'objects/s000001.tar.zst.age'), 100);
      return {};
    },
    'when its journal is torn at the top': async (directory) => {
      for (const journal of journalsIn(directory)) truncateSync(journal, 40);
      return {};
    },
  };
  for (const [what, prepare] of Object.entries(cases))
    test(what, async () => {
      await using directory = await temporaryDirectory();
      await makeAttachments(directory.path);
      fill(directory.path);
      assert.equal(await tryBackup(directory.path, 'full', 14), undefined);
      const id = onlyBackup(directory.path);
      const agent = await openAttachments(directory.path, await prepare(directory.path, id));
      const [manifest] = await runBackup(agent, { job: 'crm', kind: 'full' }, run);
      assert.notEqual(manifest?.id, id);
      await assertSound(agent);
      const target = join(directory.path, 'restored');
      assert.deepEqual((await restoreAttachments(agent, manifest?.id ?? '', target)).refused, []);
    });

  test('once another backup was committed', async () => {
    await using directory = await temporaryDirectory();
    await makeAttachments(directory.path);
    fill(directory.path);
    await tryBackup(directory.path, 'full', 14);
    const id = onlyBackup(directory.path);
    const stranger = await openAttachments(directory.path, {
      stateDirectory: join(directory.path, 'elsewhere'),
    });
    await runBackup(stranger, { job: 'crm', kind: 'full' }, run);
    const agent = await openAttachments(directory.path);
    const [manifest] = await runBackup(agent, { job: 'crm', kind: 'full' }, run);
    assert.notEqual(manifest?.id, id);
    await assertSound(agent);
  });
});

test('a source that was emptied is refused until a person says that it may be', async () => {
  await using directory = await temporaryDirectory();
  await makeAttachments(directory.path);
  fill(directory.path);
  const agent = await openAttachments(directory.path);
  await runBackup(agent, { job: 'crm', kind: 'full' }, run);
  rmSync(join(directory.path, 'source'), { recursive: true });
  mkdirSync(join(directory.path, 'source'));
  for (const kind of ['full', 'incremental'] as const)
    await assert.rejects(runBackup(agent, { job: 'crm', kind }, run), { code: 'source-emptied' });
  const request = { job: 'crm', kind: 'incremental', allowEmpty: true } as const;
  const [manifest] = await runBackup(agent, request, run);
  assert.equal(manifest?.items, 0);
});

test('all content is read again when a person asks for it, whatever the times say', async () => {
  await using directory = await temporaryDirectory();
  await makeAttachments(directory.path);
  fill(directory.path);
  const agent = await openAttachments(directory.path);
  await runBackup(agent, { job: 'crm', kind: 'full' }, run);
  let bytes = 0;
  const progress = {
    ...run.progress,
    advance: (_: number, also: { readonly bytes?: number } = {}) => void (bytes += also.bytes ?? 0),
  };
  await runBackup(agent, { job: 'crm', kind: 'incremental' }, { progress });
  assert.equal(bytes, 0);
  const verifying = { job: 'crm', kind: 'incremental', verifyContent: true } as const;
  const [manifest] = await runBackup(agent, verifying, { progress });
  assert.equal(bytes, contentBytes);
  assert.deepEqual(manifest?.objects, []);
});
