import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import test from 'node:test';
import * as fc from 'fast-check';
import type { ErrorCode } from '../../backup-agent/errors/catalogue.ts';
import { generateIdentity } from '../../backup-agent/keys/identities.ts';
import { decrypt } from '../../backup-agent/stream/decrypt.ts';
import { encrypt } from '../../backup-agent/stream/encrypt.ts';
import { through } from '../../backup-agent/stream/transform.ts';
import { rounds } from '../support/scale.ts';
import { collect } from './streams.ts';

const chunkBytes = 64 * 1024;
const sealedBytes = chunkBytes + 16;
const nonceBytes = 16;

const key = await generateIdentity();
const content = randomBytes(3 * chunkBytes + 100);
const file = await collect(through([content], [encrypt([key.recipient])]));
const macStart = file.indexOf('\n--- ') + 5;
const headerEnd = file.indexOf('\n', macStart) + 1;
const payloadStart = headerEnd + nonceBytes;
const chunk = (index: number) =>
  file.subarray(payloadStart + index * sealedBytes, payloadStart + (index + 1) * sealedBytes);
const head = file.subarray(0, payloadStart);

/** Reads a changed file: it must fail, and must have released nothing but true content. */
async function assertRefused(
  changed: Uint8Array,
  codes: readonly ErrorCode[],
  message?: string,
): Promise<void> {
  const released: Uint8Array[] = [];
  await assert.rejects(
    collect(through([changed], [decrypt([key.identity])]), released),
    (error: { code: ErrorCode }) => codes.includes(error.code),
    message,
  );
  const out = Buffer.concat(released);
  assert.deepEqual(out, content.subarray(0, out.length), 'released bytes that are not the content');
}

function flipped(offset: number, mask = 1): Uint8Array {
  const changed = Buffer.from(file);
  changed[offset] = (changed[offset] ?? 0) ^ mask;
  return changed;
}

test('a file cut at or beside any chunk boundary is refused', async () => {
  for (let index = 0; index <= 3; index++)
    for (const offset of [-17, -16, -1, 0, 1, 15, 16, 17])
      await assertRefused(file.subarray(0, payloadStart + index * sealedBytes + offset), [
        'ciphertext-damaged',
      ]);
});

test('a file cut anywhere in its header, MAC or nonce is refused', async () => {
  for (let length = 0; length < payloadStart; length++)
    await assertRefused(file.subarray(0, length), ['ciphertext-damaged']);
});

test('a file cut anywhere is refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(file.length - 1), (length) =>
      assertRefused(file.subarray(0, length), ['ciphertext-damaged']),
    ),
    { numRuns: rounds(100, 5000) },
  );
});

test('every flipped bit of MAC and nonce is damage', async () => {
  for (let offset = macStart - 5; offset < payloadStart; offset++)
    for (let bit = 0; bit < 8; bit++)
      await assertRefused(flipped(offset, 1 << bit), ['ciphertext-damaged']);
});

test('every flipped byte of the header is refused: as damage, or as a stanza for somebody else', async () => {
  for (let offset = 0; offset < macStart; offset++)
    await assertRefused(flipped(offset), ['ciphertext-damaged', 'identity-wrong']);
});

test('a damaged stanza of another recipient is damage, for the MAC covers it', async () => {
  const other = await generateIdentity();
  const shared = await collect(through([content], [encrypt([other.recipient, key.recipient])]));
  const share = shared.indexOf('-> X25519 ') + 20;
  shared[share] = shared[share] === 0x41 ? 0x42 : 0x41;
  await assertRefused(shared, ['ciphertext-damaged']);
});

test('any flipped bit of the payload is damage, and what came before it is released unchanged', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: payloadStart, max: file.length - 1 }),
      fc.nat(7),
      (offset, bit) => assertRefused(flipped(offset, 1 << bit), ['ciphertext-damaged']),
    ),
    { numRuns: rounds(100, 5000) },
  );
});

test('chunks that are swapped, doubled, dropped or followed by anything are damage', async () => {
  const [first, second, third, last] = [chunk(0), chunk(1), chunk(2), chunk(3)];
  const orders = {
    swapped: [second, first, third, last],
    doubled: [first, first, second, third, last],
    dropped: [first, third, last],
    'last in front': [last, first, second, third],
    'doubled last': [first, second, third, last, last],
    'without a last': [first, second, third],
    none: [],
    'followed by a byte': [first, second, third, last, Buffer.from([0])],
    'followed by another file': [first, second, third, last, file],
  };
  for (const [how, chunks] of Object.entries(orders))
    await assertRefused(Buffer.concat([head, ...chunks]), ['ciphertext-damaged'], how);
});

test('the payload of another file under the same header is damage', async () => {
  const other = await collect(through([content], [encrypt([key.recipient])]));
  const otherStart = other.indexOf('\n', other.indexOf('\n--- ') + 5) + 1;
  await assertRefused(Buffer.concat([file.subarray(0, headerEnd), other.subarray(otherStart)]), [
    'ciphertext-damaged',
  ]);
});

test('what is no age file, and a header without an end, are refused without being held in memory', async () => {
  await assertRefused(Buffer.from('PK\u0003\u0004 something else entirely'), [
    'ciphertext-damaged',
  ]);
  let pulled = 0;
  async function* endless(): AsyncGenerator<Uint8Array, void> {
    yield Buffer.from('age-encryption.org/v1\n');
    for (;;) {
      pulled += 1024;
      yield Buffer.alloc(1024, 'A');
    }
  }
  await assert.rejects(collect(through(endless(), [decrypt([key.identity])])), {
    code: 'ciphertext-damaged',
  });
  assert.ok(pulled < 1024 * 1024, `${pulled} bytes read`);
});
