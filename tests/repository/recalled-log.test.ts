import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { Commit, CommitSubject } from '../../contracts/commit.ts';
import type { Manifest } from '../../contracts/manifest.ts';
import type { SigningKey } from '../../backup-agent/keys/signing-key.ts';
import { readCommitLog } from '../../backup-agent/repository/commit-log.ts';
import { readBackups } from '../../backup-agent/repository/backups.ts';
import {
  commitDocument,
  manifestDocument,
  sealDocument,
} from '../../backup-agent/repository/documents.ts';
import { commitKey, manifestKey } from '../../backup-agent/repository/layout.ts';
import { recallCommits } from '../../backup-agent/repository/recalled-log.ts';
import { openOrCreateRepository } from '../../backup-agent/repository/repository.ts';
import { openLocalStorage } from '../../backup-agent/storage/local.ts';
import { sha256Hex } from '../../backup-agent/stream/digest.ts';
import { testSigners } from '../support/signing-keys.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const signal = AbortSignal.timeout(60_000);
const job = 'crm';
const backup = {
  type: 'backup',
  id: '20261122T100000Z-7f3a91',
  digest: '0'.repeat(64),
} as const satisfies CommitSubject;
const evidence: CommitSubject = { ...backup, type: 'evidence' };

/** What a forger may do to a commit before the next one names it. */
type Forge = (envelope: { signatures: [{ sig: string }] }) => void;
const badSignature: Forge = ({ signatures: [signature] }) => {
  signature.sig = Buffer.alloc(64, 7).toString('base64');
};

function manifestIn(repositoryId: string): Manifest {
  const time = '2026-11-22T10:00:00.000Z';
  const { id } = backup;
  return {
    format: 'holdfast-manifest/1',
    repositoryId,
    job,
    id,
    kind: 'full',
    base: id,
    status: 'complete',
    problems: 0,
    startedAt: time,
    finishedAt: time,
    point: { time },
    source: { kind: 'files' },
    items: 0,
    plaintextBytes: 0,
    storedBytes: 0,
    objects: [],
    meta: [],
    recipients: { objects: [], meta: [] },
    tool: { name: 'holdfast', version: '0.1.0' },
  };
}

async function fixture() {
  const directory = await temporaryDirectory();
  const signers = testSigners();
  const storage = openLocalStorage(directory.path);
  const now = () => new Date('2026-11-22T10:00:00.000Z');
  const repository = await openOrCreateRepository({
    name: 'primary',
    storage,
    trust: signers.trust,
    signal,
    newId: randomUUID,
    now,
  });
  let previous: string | undefined;
  let sequence = 0;
  return {
    keys: signers.keys,
    repository,
    async append(
      key: SigningKey,
      { subject = backup, forge }: { subject?: CommitSubject; forge?: Forge } = {},
    ) {
      sequence += 1;
      const value: Commit = {
        format: 'holdfast-commit/1',
        repositoryId: repository.id,
        job,
        sequence,
        ...(previous === undefined ? {} : { previous }),
        subject,
        at: now().toISOString(),
        by: 'test',
      };
      const envelope = JSON.parse(Buffer.from(sealDocument(commitDocument, value, key)).toString());
      forge?.(envelope);
      const bytes = Buffer.from(JSON.stringify(envelope));
      previous = sha256Hex(bytes);
      await storage.put(commitKey(job, sequence), bytes);
    },
    async putManifest(key: SigningKey, forge: Forge) {
      const sealed = sealDocument(manifestDocument, manifestIn(repository.id), key);
      const envelope = JSON.parse(Buffer.from(sealed).toString());
      forge(envelope);
      const bytes = Buffer.from(JSON.stringify({ ...envelope, nonce: randomUUID() }));
      await storage.put(manifestKey(job, backup.id), bytes);
      return { digest: sha256Hex(bytes) };
    },
    recall: (trust = repository.trust) =>
      recallCommits({ ...repository, trust }, job, new Map(), signal),
    read: () => readCommitLog(repository, job, signal),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

test('what is recalled is what is read', async () => {
  await using f = await fixture();
  await f.append(f.keys.writer);
  await f.append(f.keys.drill, { subject: evidence });
  await f.append(f.keys.writer);
  const recalled = await f.recall();
  assert.deepEqual(
    recalled.map(({ commit, digest }) => ({ commit, digest })),
    await f.read(),
  );
});

test('a key covers its own older signatures, which only a full reading computes', async () => {
  await using f = await fixture();
  await f.append(f.keys.writer, { forge: badSignature });
  await f.append(f.keys.drill, { subject: evidence });
  await f.append(f.keys.writer);
  assert.equal((await f.recall()).length, 3);
  await assert.rejects(f.read(), { code: 'signature-invalid' });
});

test("no key covers another's signature: a drill cannot make up a writer's backups", async () => {
  await using f = await fixture();
  await f.append(f.keys.writer);
  await f.append(f.keys.writer, { forge: badSignature });
  await f.append(f.keys.drill, { subject: evidence });
  await assert.rejects(f.recall(), { code: 'signature-invalid' });
});

test('the newest signature of each key is checked', async () => {
  await using f = await fixture();
  await f.append(f.keys.writer);
  await f.append(f.keys.writer, { forge: badSignature });
  await assert.rejects(f.recall(), { code: 'signature-invalid' });
});

test('a commit that the next one does not name is not covered by it', async () => {
  await using f = await fixture();
  await f.append(f.keys.writer);
  await f.append(f.keys.writer);
  const key = commitKey(job, 1);
  const replaced = { ...(await f.recall())[0]?.commit, by: 'mallory' } as Commit; // as it was written
  const envelope = JSON.parse(
    Buffer.from(sealDocument(commitDocument, replaced, f.keys.writer)).toString(),
  );
  await f.repository.storage.put(key, Buffer.from(JSON.stringify(envelope)));
  await assert.rejects(f.recall(), { code: 'commit-log-broken' });
  badSignature(envelope);
  await f.repository.storage.put(key, Buffer.from(JSON.stringify(envelope)));
  await assert.rejects(f.recall(), { code: 'signature-invalid' });
});

test("a covered commit still needs a key that is pinned for its role, in that key's period", async () => {
  await using f = await fixture();
  await f.append(f.keys.writer, { subject: evidence });
  await f.append(f.keys.writer);
  await assert.rejects(f.recall(), { code: 'signer-untrusted' });
  const until = f.repository.trust.map((pin) => ({ ...pin, validUntil: '2026-11-22T09:00:00Z' }));
  await assert.rejects(f.recall(until), { code: 'signer-out-of-period' });
});

test('whoever committed a manifest covers a signature by the same key over it, and no other', async () => {
  await using f = await fixture();
  const manifest = await f.putManifest(f.keys.writer, badSignature);
  await f.append(f.keys.writer, { subject: { ...backup, digest: manifest.digest } });
  const log = await f.read();
  const list = (digest: string, keyId: string) =>
    readBackups(f.repository, log, signal, {
      manifests: new Map(),
      committers: new Map([[digest, keyId]]),
    });
  const [listed] = await list(manifest.digest, f.keys.writer.keyId);
  assert.equal(listed?.digest, manifest.digest);
  const invalid = { code: 'signature-invalid' };
  await assert.rejects(list(manifest.digest, f.keys.drill.keyId), invalid);
  await assert.rejects(readBackups(f.repository, log, signal), invalid);
  // Another manifest than the one that was committed is covered by nobody.
  await f.putManifest(f.keys.writer, badSignature);
  await assert.rejects(list(manifest.digest, f.keys.writer.keyId), invalid);
});
