import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { Decrypter, Encrypter } from 'age-encryption';
import * as fc from 'fast-check';
import { generateIdentity } from '../../backup-agent/keys/identities.ts';
import { decrypt } from '../../backup-agent/stream/decrypt.ts';
import { encrypt } from '../../backup-agent/stream/encrypt.ts';
import { through } from '../../backup-agent/stream/transform.ts';
import { rounds } from '../support/scale.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { collect, inPieces } from './streams.ts';
import { run } from './tools.ts';
import { needing } from '../support/programs.ts';

const chunkBytes = 64 * 1024;
const key = await generateIdentity();
const escrow = await generateIdentity();
const stranger = await generateIdentity();

/** Sizes at, just below and just above every boundary of the first few chunks, and anything else. */
const boundarySizes = [0, 1, 2, 3, 4].flatMap((chunks) =>
  [-17, -16, -1, 0, 1, 16]
    .map((offset) => chunks * chunkBytes + offset)
    .filter((size) => size >= 0),
);
const size = fc.oneof(fc.constantFrom(...boundarySizes), fc.nat(5 * chunkBytes));
const pieceSize = fc.oneof(fc.integer({ min: 100, max: 3 * chunkBytes }), fc.constant(chunkBytes));

const seal = (content: Uint8Array, recipients = [key.recipient]) =>
  collect(through([content], [encrypt(recipients)]));
const open = (file: Uint8Array, identities = [key.identity], pieceBytes = file.length) =>
  collect(through(inPieces(file, pieceBytes), [decrypt(identities)]));

test('whatever is encrypted in pieces of any size decrypts to the same bytes', async () => {
  await fc.assert(
    fc.asyncProperty(size, pieceSize, pieceSize, async (bytes, written, read) => {
      const content = randomBytes(bytes);
      const file = await collect(through(inPieces(content, written), [encrypt([key.recipient])]));
      assert.deepEqual(await open(file, [key.identity], read), content);
    }),
    { numRuns: rounds(60, 2000) },
  );
});

test('at every chunk boundary the package reads our files and we read its', async () => {
  const encrypter = new Encrypter();
  encrypter.addRecipient(key.recipient);
  const decrypter = new Decrypter();
  decrypter.addIdentity(key.identity);
  for (const bytes of boundarySizes) {
    const content = randomBytes(bytes);
    assert.deepEqual(Buffer.from(await decrypter.decrypt(await seal(content))), content);
    assert.deepEqual(await open(await encrypter.encrypt(content)), content);
  }
});

test(
  'at every chunk boundary the age command reads our files and we read its',
  needing('age'),
  async () => {
    await using directory = await temporaryDirectory();
    const identityFile = join(directory.path, 'identity');
    await writeFile(identityFile, `${key.identity}\n`);
    for (const bytes of boundarySizes) {
      const content = randomBytes(bytes);
      const ours = await seal(content, [escrow.recipient, key.recipient]);
      assert.deepEqual(await run('age', ['--decrypt', '--identity', identityFile], ours), content);
      const theirs = await run('age', ['-r', escrow.recipient, '-r', key.recipient], content);
      assert.deepEqual(await open(theirs), content);
    }
  },
);

test('hybrid recipients work, for the package reads them too', async () => {
  const hybrid = await generateIdentity({ postQuantum: true });
  const second = await generateIdentity({ postQuantum: true });
  const content = randomBytes(chunkBytes + 1);
  const file = await seal(content, [second.recipient, hybrid.recipient]);
  assert.deepEqual(await open(file, [hybrid.identity]), content);
  const decrypter = new Decrypter();
  decrypter.addIdentity(second.identity);
  assert.deepEqual(Buffer.from(await decrypter.decrypt(file)), content);
  await assert.rejects(open(file), { code: 'identity-wrong' });
});

test('a stream delivered byte by byte is the same stream', async () => {
  const content = randomBytes(chunkBytes + 3);
  const file = await collect(through(inPieces(content, 1), [encrypt([key.recipient])]));
  assert.deepEqual(await open(file, [key.identity], 1), content);
});

test('empty pieces and synchronous sources change nothing', async () => {
  const none = new Uint8Array();
  const content = randomBytes(chunkBytes);
  const file = await collect(
    through([none, content, none, none], [encrypt([key.recipient]), decrypt([key.identity])]),
  );
  assert.deepEqual(file, content);
});

test('each recipient opens the file, in whatever order identities are tried', async () => {
  const file = await seal(Buffer.from('shared'), [key.recipient, escrow.recipient]);
  for (const identities of [
    [key.identity],
    [escrow.identity],
    [stranger.identity, escrow.identity],
  ])
    assert.equal((await open(file, identities)).toString(), 'shared');
});

test('the same content never encrypts to the same bytes', async () => {
  const [one, other] = [await seal(Buffer.alloc(100)), await seal(Buffer.alloc(100))];
  assert.notDeepEqual(one.subarray(-116), other.subarray(-116));
});

test('the wrong identity, none, and none fitting are told apart', async () => {
  const file = await seal(randomBytes(10));
  await assert.rejects(open(file, [stranger.identity]), { code: 'identity-wrong' });
  assert.throws(() => decrypt([]), { code: 'identity-missing' });
  assert.throws(() => decrypt(['AGE-SECRET-KEY-1NONSENSE']), { code: 'key-invalid' });
});

test('recipients are checked before a byte is read', async () => {
  const hybrid = await generateIdentity({ postQuantum: true });
  assert.throws(() => encrypt([]), { code: 'key-invalid' });
  assert.throws(() => encrypt(['age1nonsense']), { code: 'key-invalid' });
  assert.throws(() => encrypt([key.recipient, hybrid.recipient]), { code: 'key-invalid' });
});
