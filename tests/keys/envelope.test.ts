import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import * as fc from 'fast-check';
import { openEnvelope, preAuthEncoding, signEnvelope } from '../../backup-agent/keys/envelope.ts';
import {
  generateSigningKey,
  parsePublicKey,
  parseSigningKey,
} from '../../backup-agent/keys/signing-key.ts';
import type { TrustedKey } from '../../backup-agent/keys/trust.ts';
import { run } from '../stream/tools.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const type = 'application/vnd.holdfast.commit+json';
const payload = Buffer.from('{"at":"2026-11-22T21:05:00.000Z","who":"Zoë 🚀"}\n');
const at = new Date('2026-11-22T21:05:00.000Z');

const generated = generateSigningKey();
const writer = parseSigningKey(generated.privateKeyPem);
const stranger = parseSigningKey(generateSigningKey().privateKeyPem);
const pin = (overrides: Partial<TrustedKey> = {}): TrustedKey => ({
  role: 'writer',
  publicKey: writer.publicKey,
  validFrom: '2026-01-01T00:00:00Z',
  ...overrides,
});
const signed = signEnvelope(type, payload, writer);

/** The envelope, changed as a forger would. */
function forged(change: (document: Record<string, unknown>) => void): Uint8Array {
  const document = JSON.parse(Buffer.from(signed).toString()) as Record<string, unknown>;
  change(document);
  return Buffer.from(JSON.stringify(document));
}

test('what is signed opens again, with whoever signed it', async () => {
  const opened = await openEnvelope(signed, [pin()], 'writer', at);
  assert.deepEqual(Buffer.from(opened.payload), payload);
  assert.equal(opened.payloadType, type);
  assert.equal(opened.keyId, writer.keyId);
});

test('any content opens again, and no other content has its encoding', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array(),
      fc.string({ minLength: 1 }),
      fc.uint8Array(),
      fc.string({ minLength: 1 }),
      async (content, kind, content2, kind2) => {
        const opened = await openEnvelope(
          signEnvelope(kind, content, writer),
          [pin()],
          'writer',
          at,
        );
        assert.deepEqual(new Uint8Array(opened.payload), content);
        assert.equal(opened.payloadType, kind);
        const same = Buffer.compare(content, content2) === 0 && kind === kind2;
        const encodings = [preAuthEncoding(kind, content), preAuthEncoding(kind2, content2)];
        assert.equal(Buffer.compare(...(encodings as [Uint8Array, Uint8Array])) === 0, same);
      },
    ),
    { numRuns: 200 },
  );
});

test('the encoding is that of the DSSE specification', () => {
  const encoding = preAuthEncoding('http://example.com/HelloWorld', Buffer.from('hello world'));
  assert.equal(
    Buffer.from(encoding).toString(),
    'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
  );
});

test('a document without an envelope, and an envelope without a signature, are unsigned', async () => {
  for (const bytes of [
    payload,
    forged((document) => delete document['signatures']),
    forged((document) => (document['signatures'] = [])),
  ])
    await assert.rejects(openEnvelope(bytes, [pin()], 'writer', at), { code: 'signature-missing' });
});

test('a changed content, type or signature is invalid', async () => {
  const sig = Buffer.alloc(64, 7).toString('base64');
  for (const bytes of [
    forged((document) => (document['payload'] = Buffer.from('{}').toString('base64'))),
    forged((document) => (document['payloadType'] = 'application/vnd.holdfast.manifest+json')),
    forged((document) => (document['signatures'] = [{ keyid: writer.keyId, sig }])),
    forged((document) => (document['signatures'] = [{ keyid: writer.keyId, sig: '' }])),
  ])
    await assert.rejects(openEnvelope(bytes, [pin()], 'writer', at), { code: 'signature-invalid' });
});

test("another key's signature under the writer's name is invalid, under its own name untrusted", async () => {
  const theirs = JSON.parse(Buffer.from(signEnvelope(type, payload, stranger)).toString()) as {
    signatures: { sig: string }[];
  };
  const sig = theirs.signatures[0]?.sig;
  await assert.rejects(
    openEnvelope(
      forged((document) => (document['signatures'] = [{ keyid: writer.keyId, sig }])),
      [pin()],
      'writer',
      at,
    ),
    { code: 'signature-invalid' },
  );
  await assert.rejects(openEnvelope(Buffer.from(JSON.stringify(theirs)), [pin()], 'writer', at), {
    code: 'signer-untrusted',
  });
});

test('a key pinned for another role does not count', async () => {
  for (const trust of [[], [pin({ role: 'drill' })], [pin({ role: 'curator' })]])
    await assert.rejects(openEnvelope(signed, trust, 'writer', at), { code: 'signer-untrusted' });
});

test('a key counts from the start of its period until its end, and in any of several periods', async () => {
  const until = pin({ validUntil: '2026-11-22T21:05:00Z' });
  const from = pin({ validFrom: '2026-11-22T21:05:00Z' });
  const after = pin({ validFrom: '2026-12-01T00:00:00Z' });
  for (const trust of [[from], [until, from], [after, from]])
    assert.equal((await openEnvelope(signed, trust, 'writer', at)).keyId, writer.keyId);
  for (const trust of [[until], [after], [until, after]])
    await assert.rejects(openEnvelope(signed, trust, 'writer', at), {
      code: 'signer-out-of-period',
    });
});

test('the moment that counts may stand in the content, and is read only once that is authentic', async () => {
  const stated = (content: Uint8Array) =>
    new Date((JSON.parse(Buffer.from(content).toString()) as { at: string }).at);
  assert.equal((await openEnvelope(signed, [pin()], 'writer', stated)).keyId, writer.keyId);
  const late = pin({ validFrom: '2026-12-01T00:00:00Z' });
  await assert.rejects(openEnvelope(signed, [late], 'writer', stated), {
    code: 'signer-out-of-period',
  });
  const changed = forged((document) => (document['payload'] = ''));
  await assert.rejects(
    openEnvelope(changed, [pin()], 'writer', () => assert.fail('read the content')),
    { code: 'signature-invalid' },
  );
});

test('one trusted signature among several is enough, wherever it stands', async () => {
  const bytes = forged((document) => {
    const mine = (document['signatures'] as object[])[0];
    const unknown = { keyid: stranger.keyId, sig: Buffer.alloc(64).toString('base64') };
    document['signatures'] = [unknown, mine];
    document['someday'] = 'an extension of the format';
  });
  assert.equal((await openEnvelope(bytes, [pin()], 'writer', at)).keyId, writer.keyId);
});

test('what is no envelope at all is malformed', async () => {
  const signatures = (value: unknown) => forged((document) => (document['signatures'] = value));
  for (const bytes of [
    new Uint8Array(),
    Buffer.from('{'),
    Buffer.from('null'),
    Buffer.from('[]').subarray(0, 1),
    Buffer.from([0xff, 0xfe, 0x7b]),
    Buffer.from(signed).subarray(0, 100),
    forged((document) => (document['payload'] = 'not base64!')),
    forged((document) => delete document['payloadType']),
    signatures('none'),
    signatures([{ sig: 'AAAA' }]),
    signatures([{ keyid: 'short', sig: 'AAAA' }]),
  ])
    await assert.rejects(openEnvelope(bytes, [pin()], 'writer', at), {
      code: 'document-malformed',
    });
});

test('any flipped bit of an envelope is refused, or is in what means nothing', async () => {
  for (let offset = 0; offset < signed.length; offset++) {
    const changed = Buffer.from(signed);
    changed[offset] = (changed[offset] ?? 0) ^ 1;
    try {
      const opened = await openEnvelope(changed, [pin()], 'writer', at);
      assert.deepEqual(Buffer.from(opened.payload), payload);
      assert.equal(opened.payloadType, type);
    } catch (error) {
      assert.match(
        (error as { code?: string }).code ?? String(error),
        /^(document-malformed|signature-missing|signature-invalid|signer-untrusted)$/,
      );
    }
  }
});

test('an envelope is checked by hand with sed, base64 and openssl', async () => {
  await using directory = await temporaryDirectory();
  await writeFile(join(directory.path, 'writer.pem'), generated.publicKeyPem);
  await writeFile(join(directory.path, 'document.json'), signed);
  await writeFile(
    join(directory.path, 'forged.json'),
    Buffer.from(signed).toString().replace('vnd.holdfast.commit', 'vnd.holdfast.manifest'),
  );
  const script = `
    set -eu; cd "$1"
    field() { sed -n 's/^ *"'"$1"'": "\\([^"]*\\)".*/\\1/p' "$2"; }
    check() {
      type=$(field payloadType "$1")
      field payload "$1" | base64 -d > payload
      field sig "$1" | base64 -d > sig
      { printf 'DSSEv1 %d %s %d ' \${#type} "$type" "$(wc -c < payload)"; cat payload; } > signed
      openssl pkeyutl -verify -pubin -inkey writer.pem -rawin -in signed -sigfile sig
    }
    check document.json
    cp payload authentic
    ! check forged.json
    test "$(openssl pkey -pubin -in writer.pem -outform DER | sha256sum | cut -d' ' -f1)" \\
      = "$(field keyid document.json)"
    cat authentic`;
  await run('openssl', ['version']);
  const output = (await run('bash', ['-c', script, 'check', directory.path])).toString();
  assert.match(output, /^Signature Verified Successfully/);
  assert.match(output, /Signature Verification Failure/);
  assert.ok(output.endsWith(payload.toString()));
});

test('openssl makes keys that sign here, and keys that are not Ed25519 are refused', async () => {
  const pem = (await run('openssl', ['genpkey', '-algorithm', 'ed25519'])).toString();
  const key = parseSigningKey(pem);
  const envelope = signEnvelope(type, payload, key);
  const trust = [pin({ publicKey: key.publicKey })];
  assert.equal((await openEnvelope(envelope, trust, 'writer', at)).keyId, key.keyId);
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const rsaPem = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' });
  for (const bad of [rsaPem, '', 'secret words', generated.publicKeyPem])
    assert.throws(
      () => parseSigningKey(bad, 'writer key'),
      (error: Error & { code: string }) =>
        error.code === 'key-invalid' && error.message === 'writer key: not an Ed25519 key',
    );
  const rsaPublic = rsa.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  for (const bad of [rsaPublic, '', 'AAAA'])
    assert.throws(() => parsePublicKey(bad), { code: 'key-invalid' });
});

test('a key says the same of itself when it is made and when it is read, and shows no secret', () => {
  assert.equal(writer.keyId, generated.keyId);
  assert.equal(writer.publicKey, generated.publicKey);
  const secret = generated.privateKeyPem.split('\n')[1] ?? assert.fail('no PEM body');
  assert.ok(!JSON.stringify(writer).includes(secret.slice(-40)));
});
