import assert from 'node:assert/strict';
import test from 'node:test';
import { inflateSync } from 'node:zlib';
import * as vectors from 'cctv-age';
import type { ErrorCode } from '../../backup-agent/errors/catalogue.ts';
import { decrypt } from '../../backup-agent/stream/decrypt.ts';
import { sha256Hex } from '../../backup-agent/stream/digest.ts';
import { through } from '../../backup-agent/stream/transform.ts';
import { collect, inPieces } from './streams.ts';

/** The vectors of c2sp.org/CCTV/age: what each expects, as the error we promise for it. */
const refusals: Record<string, ErrorCode> = {
  'header failure': 'ciphertext-damaged',
  'HMAC failure': 'ciphertext-damaged',
  'payload failure': 'ciphertext-damaged',
  'no match': 'identity-wrong',
};

interface Vector {
  readonly name: string;
  readonly fields: ReadonlyMap<string, string>;
  readonly identities: readonly string[];
  readonly file: Uint8Array;
}

function parseVector(name: string, bytes: Uint8Array): Vector {
  const all = Buffer.from(bytes);
  const split = all.indexOf('\n\n');
  const lines = all.toString('latin1', 0, split).split('\n');
  const pairs = lines.map((line) => line.split(': ') as [string, string]);
  const fields = new Map(pairs);
  const body = all.subarray(split + 2);
  return {
    name,
    fields,
    identities: pairs.filter(([name]) => name === 'identity').map(([, value]) => value),
    file: fields.get('compressed') === 'zlib' ? inflateSync(body) : body,
  };
}

const binary = Object.entries({ ...vectors })
  .map(([name, bytes]) => parseVector(name, bytes))
  // What we read is binary and has no passphrase; identity files have tests of their own.
  .filter(({ fields, identities }) => !fields.has('armored') && identities.length > 0);

test('the format has its vectors here', () => {
  assert.ok(binary.length > 80, `only ${binary.length} vectors`);
});

for (const { name, fields, identities, file } of binary) {
  const expected = fields.get('expect') ?? '';
  test(`age vector ${name}: ${expected}`, async () => {
    // Byte by byte, a large file would take minutes.
    for (const pieceBytes of [file.length < 100_000 ? 1 : 8191, file.length]) {
      const released: Uint8Array[] = [];
      const reading = collect(through(inPieces(file, pieceBytes), [decrypt(identities)]), released);
      if (expected === 'success') {
        assert.equal(sha256Hex(await reading), fields.get('payload'));
      } else {
        await assert.rejects(reading, { code: refusals[expected] });
        // A header that is not accepted has released nothing.
        if (expected !== 'payload failure') assert.deepEqual(released, []);
      }
    }
  });
}
