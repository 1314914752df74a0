import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import test from 'node:test';
import * as fc from 'fast-check';
import { digest, expectDigest, sha256Hex } from '../../backup-agent/stream/digest.ts';
import { through } from '../../backup-agent/stream/transform.ts';
import { collect, inPieces } from './streams.ts';

test('size and SHA-256 are those of all bytes, however they are delivered', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array(), fc.integer({ min: 1, max: 9 }), async (bytes, piece) => {
      const digester = digest();
      const passed = await collect(through(inPieces(bytes, piece), [digester.transform]));
      assert.deepEqual(new Uint8Array(passed), bytes);
      assert.deepEqual(digester.result(), { sizeBytes: bytes.length, sha256: sha256Hex(bytes) });
    }),
  );
});

test('SHA-256 is written in lower-case hex', () => {
  assert.equal(
    sha256Hex('abc'),
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});

test('a digest asked for before the end is a defect, not a digest of a part', async () => {
  const digester = digest();
  assert.throws(() => digester.result(), /before the stream ended/);
  for await (const _chunk of through([Buffer.from('a'), Buffer.from('b')], [digester.transform]))
    break;
  assert.throws(() => digester.result(), /before the stream ended/);
});

test('an object that is exactly as recorded passes, byte for byte', async () => {
  const content = randomBytes(1000);
  const expected = { sizeBytes: 1000, sha256: sha256Hex(content) };
  assert.deepEqual(
    await collect(through(inPieces(content, 7), [expectDigest(expected, 'x')])),
    content,
  );
  const none = { sizeBytes: 0, sha256: sha256Hex('') };
  assert.equal((await collect(through([], [expectDigest(none, 'x')]))).length, 0);
});

test('an object that is shorter, longer or different is refused and named', async () => {
  const content = randomBytes(1000);
  const expected = { sizeBytes: 1000, sha256: sha256Hex(content) };
  const different = Buffer.from(content);
  different[999] = (different[999] ?? 0) ^ 1;
  const changes = [content.subarray(1), different, Buffer.concat([content, Buffer.alloc(1)])];
  for (const changed of changes)
    await assert.rejects(collect(through([changed], [expectDigest(expected, 'jobs/crm/x.age')])), {
      code: 'object-damaged',
      message: /jobs\/crm\/x\.age/,
    });
});

test('an object that is longer than recorded is not read to its end', async () => {
  let pulled = 0;
  async function* endless(): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      pulled += 1;
      yield Buffer.alloc(100);
    }
  }
  const expected = { sizeBytes: 1000, sha256: sha256Hex('') };
  await assert.rejects(collect(through(endless(), [expectDigest(expected, 'x')])), {
    code: 'object-damaged',
  });
  assert.equal(pulled, 11);
});
