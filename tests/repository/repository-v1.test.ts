import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { readHistory } from '../../backup-agent/operations/history.ts';
import { verifyBackups } from '../../backup-agent/operations/verify.ts';
import { createBackupReader } from '../../backup-agent/repository/backup-reader.ts';
import { appendCommit } from '../../backup-agent/repository/commit-log.ts';
import { readEvidence } from '../../backup-agent/repository/evidence.ts';
import { standings } from '../../backup-agent/repository/standing.ts';
import { openInstallation } from '../operations/support/installation.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { run } from '../operations/support/scenario.ts';
import * as second from './support/second-reader.ts';

const fixture = join(import.meta.dirname, '../fixtures/repository-v1');

/** The fixture under the test's own hands, for reading leaves traces. */
async function openFixture() {
  const directory = await temporaryDirectory();
  await cp(join(fixture, 'repository'), join(directory.path, 'primary'), { recursive: true });
  await cp(join(fixture, 'test-identity-and-test-keys.json'), join(directory.path, 'keys.json'));
  const agent = await openInstallation(directory.path);
  return {
    agent,
    root: join(directory.path, 'primary'),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

/** A reader of the repository at `root`, written from docs/format.md alone. */
async function secondReader(root: string): Promise<second.SecondReader> {
  const keys = JSON.parse(
    await readFile(join(fixture, 'test-identity-and-test-keys.json'), 'utf8'),
  );
  const publicKey = (pem: string) =>
    createPublicKey(pem).export({ type: 'spki', format: 'der' }).toString('base64');
  return {
    root,
    job: 'crm',
    identity: keys.recovery,
    keys: {
      writer: publicKey(keys.signing.writer),
      drill: publicKey(keys.signing.drill),
      curator: publicKey(keys.signing.curator),
    },
  };
}

test('the repository that version 0.1.0 wrote is read: log, backups, contents, evidence', async () => {
  await using f = await openFixture();
  const repository = await f.agent.openRepository('primary');
  const { log, backups } = await readHistory(f.agent, repository, 'crm');
  assert.deepEqual(
    log.map(({ commit }) => commit.subject.type),
    ['backup', 'backup', 'backup', 'backup', 'backup', 'hold', 'verification', 'evidence', 'prune'],
  );
  assert.deepEqual(
    backups.map(({ manifest, held }) => [manifest.kind, manifest.status, held]),
    [
      ['full', 'complete', true],
      ['incremental', 'complete', false],
      ['differential', 'complete', false],
      ['full', 'partial', false],
    ],
  );
  const [, incremental] = backups;
  assert.ok(incremental);
  const reader = createBackupReader(
    repository.storage,
    incremental.manifest,
    await f.agent.recoveryIdentities(),
  );
  assert.equal(await text(await reader.readMeta('link.json', f.agent.signal)), '{"link":1}');
  const evidence = await readEvidence(repository, log, f.agent.signal);
  assert.equal(evidence.length, 1);
  const known = standings(backups, { log, evidence, now: f.agent.now(), anomalous: new Set() });
  assert.deepEqual([...known.values()], ['proven', 'proven', 'proven', 'partial']);
});

test('it verifies to the last byte', async () => {
  await using f = await openFixture();
  const report = await verifyBackups(f.agent, { job: 'crm', deep: true }, run);
  assert.deepEqual(report.damage, []);
  assert.equal(report.sound, 4);
});

test('a reader written from docs/format.md alone reads the same', async () => {
  await using f = await openFixture();
  const reader = await secondReader(join(fixture, 'repository'));
  const ours = await readHistory(f.agent, await f.agent.openRepository('primary'), 'crm');
  const theirs = await second.readExisting(reader);
  assert.deepEqual(
    theirs,
    ours.backups.map(({ manifest, held }) => ({ manifest, held })),
  );
  for (const { manifest } of theirs) {
    const content = await second.readContent(reader, manifest, 'objects', 'segment-0.tar.zst.age');
    assert.equal(content.length, 20_000);
  }
  assert.equal((await second.readEvidence(reader)).length, 1);
});

test('it reads the kinds of commits that came later too', async () => {
  await using f = await openFixture();
  const repository = await f.agent.openRepository('primary');
  const { log, backups } = await readHistory(f.agent, repository, 'crm');
  const id = backups[0]?.manifest.id ?? '';
  const digest = 'a'.repeat(64);
  const later = [
    ['drill', { type: 'escrow', id, recipient: digest }],
    ['curator', { type: 'erasure', id, digest }],
    // A copier brings it along.
    ['writer', { type: 'erasure', id, digest }],
  ] as const;
  let history = log;
  for (const [role, subject] of later) {
    const key = await f.agent.signingKey(role);
    const { signal, now, by } = f.agent;
    const stillValid = () => false;
    const options = { repository, job: 'crm', subject, key, by, now, signal, stillValid };
    history = await appendCommit(options, history);
  }
  assert.deepEqual(
    await second.readLog(await secondReader(f.root)),
    history.map(({ commit }) => commit.subject),
  );
});
