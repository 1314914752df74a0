import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CommitSubject } from '../../contracts/commit.ts';
import {
  appendCommit,
  readCommitLog,
  type CommitRecord,
} from '../../backup-agent/repository/commit-log.ts';
import { commitDocument, sealDocument } from '../../backup-agent/repository/documents.ts';
import { commitKey } from '../../backup-agent/repository/layout.ts';
import { openOrCreateRepository } from '../../backup-agent/repository/repository.ts';
import { createSeenCommits } from '../../backup-agent/repository/seen-commits.ts';
import type { SigningKey } from '../../backup-agent/keys/signing-key.ts';
import { openLocalStorage } from '../../backup-agent/storage/local.ts';
import { testSigners } from '../support/signing-keys.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const signal = AbortSignal.timeout(60_000);
const now = () => new Date('2026-11-22T10:00:00.000Z');
const job = 'crm';

function backupSubject(number: number): CommitSubject {
  const digits = String(number).padStart(6, '0');
  return { type: 'backup', id: `20261122T100000Z-${digits}`, digest: '0'.repeat(64) };
}

async function fixture() {
  const directory = await temporaryDirectory();
  const signers = testSigners();
  const open = async (path: string) =>
    openOrCreateRepository({
      name: 'primary',
      storage: openLocalStorage(join(directory.path, path)),
      trust: signers.trust,
      signal,
      newId: randomUUID,
      now,
    });
  const repository = await open('repository');
  let log: readonly CommitRecord[] = [];
  const append = async (
    subject: CommitSubject,
    options: { key?: SigningKey; stillValid?: () => boolean; on?: readonly CommitRecord[] } = {},
  ) => {
    const key = options.key ?? signers.keys.writer;
    const stillValid = options.stillValid ?? (() => false);
    log = await appendCommit(
      { repository, job, subject, key, by: 'test', now, signal, stillValid },
      options.on ?? log,
    );
    return log;
  };
  const file = (sequence: number) => join(directory.path, 'repository', commitKey(job, sequence));
  return {
    signers,
    repository,
    open,
    append,
    file,
    directory: directory.path,
    read: () => readCommitLog(repository, job, signal),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

test('a log reads back as it was appended', async () => {
  await using f = await fixture();
  await f.append(backupSubject(1));
  const log = await f.append(backupSubject(2));
  assert.deepEqual(await f.read(), log);
  assert.equal(log[1]?.commit.previous, log[0]?.digest);
});

test('an empty log is empty, not an error', async () => {
  await using f = await fixture();
  assert.deepEqual(await f.read(), []);
});

test('a removed commit is a gap', async () => {
  await using f = await fixture();
  for (const number of [1, 2, 3]) await f.append(backupSubject(number));
  await rm(f.file(2));
  await assert.rejects(f.read(), { code: 'commit-log-broken', message: /commit 2 is missing/ });
});

test('a removed newest commit is noticed by a host that saw it', async () => {
  await using f = await fixture();
  await f.append(backupSubject(1));
  const log = await f.append(backupSubject(2));
  const seen = createSeenCommits(join(f.directory, 'state'));
  await seen.remember(f.repository, job, log);
  await rm(f.file(2));
  await assert.rejects(seen.assertNotRolledBack(f.repository, job, await f.read()), {
    code: 'commit-log-broken',
    message: /ends with commit 1; this host has seen commit 2/,
  });
});

test('a changed commit is refused, whatever was changed', async () => {
  await using f = await fixture();
  await f.append(backupSubject(1));
  const original = await readFile(f.file(1), 'utf8');
  const envelope = JSON.parse(original);
  const payload = JSON.parse(Buffer.from(envelope.payload, 'base64').toString());
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64');
  const forgeries: [string, object][] = [
    ['signature-invalid', { ...envelope, payload: encode({ ...payload, by: 'mallory' }) }],
    ['signature-missing', { ...envelope, signatures: [] }],
    ['signature-missing', payload],
    ['signature-invalid', { ...envelope, payloadType: 'application/vnd.holdfast.manifest+json' }],
    ['document-malformed', { ...envelope, payload: encode({ ...payload, sequence: -1 }) }],
  ];
  for (const [code, forgery] of forgeries) {
    await writeFile(f.file(1), JSON.stringify(forgery));
    await assert.rejects(f.read(), { code }, JSON.stringify(forgery));
  }
  await writeFile(f.file(1), original.slice(0, -20));
  await assert.rejects(f.read(), { code: 'document-malformed' });
});

test('a commit by a key that is not pinned is refused', async () => {
  await using f = await fixture();
  await f.append(backupSubject(1), { key: testSigners().keys.writer });
  await assert.rejects(f.read(), { code: 'signer-untrusted' });
});

test('a role cannot sign what belongs to another', async () => {
  await using f = await fixture();
  await f.append(
    { type: 'prune', ids: ['20261122T100000Z-000001'] },
    { key: f.signers.keys.writer },
  );
  await assert.rejects(f.read(), { code: 'signer-untrusted' });
});

test('a key is refused outside its period', async () => {
  await using f = await fixture();
  await f.append(backupSubject(1));
  const trust = f.signers.trust.map((key) => ({ ...key, validUntil: '2026-11-22T09:59:59Z' }));
  await assert.rejects(readCommitLog({ ...f.repository, trust }, job, signal), {
    code: 'signer-out-of-period',
  });
});

test('a commit that nobody could accept is not written', async () => {
  await using f = await fixture();
  const trust = f.signers.trust.map((key) => ({ ...key, validUntil: '2026-11-22T10:00:00Z' }));
  const options = { job, subject: backupSubject(1), key: f.signers.keys.writer, by: 'test' };
  const repository = { ...f.repository, trust };
  await assert.rejects(
    appendCommit({ ...options, repository, now, signal, stillValid: () => true }, []),
    { code: 'key-out-of-period' },
  );
  assert.deepEqual(await f.read(), []);
});

test('a commit of another repository does not pass here', async () => {
  await using f = await fixture();
  const other = await f.open('other');
  await appendCommit(
    {
      repository: other,
      job,
      subject: backupSubject(1),
      key: f.signers.keys.writer,
      by: 'test',
      now,
      signal,
      stillValid: () => false,
    },
    [],
  );
  const bytes = await readFile(join(f.directory, 'other', commitKey(job, 1)));
  await f.append(backupSubject(1));
  await writeFile(f.file(1), bytes);
  await assert.rejects(f.read(), { code: 'commit-log-broken' });
});

test('a replaced commit breaks the link of the next', async () => {
  await using f = await fixture();
  const [first] = await f.append(backupSubject(1));
  await f.append(backupSubject(2));
  assert.ok(first);
  const rewritten = { ...first.commit, subject: backupSubject(9) };
  await writeFile(f.file(1), sealDocument(commitDocument, rewritten, f.signers.keys.writer));
  await assert.rejects(f.read(), { code: 'commit-log-broken', message: /does not follow/ });
});

test('of two writers who saw the same log exactly one commits', async () => {
  await using f = await fixture();
  await f.append(backupSubject(1));
  const stale = await f.read();
  const results = await Promise.allSettled([
    f.append(backupSubject(2), { on: stale }),
    f.append(backupSubject(3), { on: stale }),
  ]);
  assert.deepEqual(results.map((result) => result.status).toSorted(), ['fulfilled', 'rejected']);
  const loser = results.find((result) => result.status === 'rejected');
  assert.equal(loser?.reason.code, 'commit-conflict');
  assert.equal((await f.read()).length, 2);
});

test('a commit that still makes sense goes behind the one that was faster', async () => {
  await using f = await fixture();
  const stale = await f.append(backupSubject(1));
  await f.append(backupSubject(2));
  await f.append(backupSubject(3), { on: stale, stillValid: () => true });
  assert.deepEqual(
    (await f.read()).map(({ commit }) => commit.subject),
    [backupSubject(1), backupSubject(2), backupSubject(3)],
  );
});

test('a put that timed out but arrived is not committed twice', async () => {
  await using f = await fixture();
  const log = await f.append(backupSubject(1));
  await f.append(backupSubject(1), { on: log.slice(0, 0) });
  assert.equal((await f.read()).length, 1);
});

test('a place that holds other things is not made a repository', async () => {
  await using f = await fixture();
  await writeFile(join(f.directory, 'precious.txt'), 'data');
  await assert.rejects(f.open('.'), { code: 'repository-not-found', message: /not empty/ });
});
