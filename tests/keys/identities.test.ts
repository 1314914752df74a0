import assert from 'node:assert/strict';
import test from 'node:test';
import {
  assertIdentity,
  generateIdentity,
  identityKind,
  recipientOf,
} from '../../backup-agent/keys/identities.ts';
import {
  assertRecipientsUniform,
  recipientFingerprint,
  recipientKind,
} from '../../backup-agent/keys/recipients.ts';

const x25519 = await generateIdentity();
const hybrid = await generateIdentity({ postQuantum: true });

test('a generated identity and its recipient belong together, in both kinds', async () => {
  assert.match(x25519.identity, /^AGE-SECRET-KEY-1[0-9A-Z]{58}$/);
  assert.match(x25519.recipient, /^age1[0-9a-z]{58}$/);
  assert.match(hybrid.identity, /^AGE-SECRET-KEY-PQ-1[0-9A-Z]{58}$/);
  assert.match(hybrid.recipient, /^age1pq1[0-9a-z]{1900,}$/);
  for (const { identity, recipient } of [x25519, hybrid])
    assert.equal(await recipientOf(identity), recipient);
  assert.equal(identityKind(x25519.identity), recipientKind(x25519.recipient));
  assert.equal(identityKind(hybrid.identity), recipientKind(hybrid.recipient));
});

test('no two generated identities are the same', async () => {
  assert.notEqual((await generateIdentity()).identity, x25519.identity);
});

test('recipients of one kind are accepted', async () => {
  const second = await generateIdentity();
  assert.equal(assertRecipientsUniform([x25519.recipient, second.recipient]), 'x25519');
  assert.equal(assertRecipientsUniform([hybrid.recipient]), 'hybrid');
});

test('recipients that are none, mixed, repeated or malformed are refused', () => {
  const changed = x25519.recipient.replace(/.$/, (last) => (last === 'q' ? 'p' : 'q'));
  for (const recipients of [
    [],
    [x25519.recipient, hybrid.recipient],
    [x25519.recipient, x25519.recipient],
    [changed],
    [x25519.recipient.slice(0, -1)],
    [x25519.recipient.toUpperCase()],
    [` ${x25519.recipient}`],
    ['age1tag1qt8lw0ual6avlwmwatk888yqnmdamm7xfd0wak53ut6elz5c4swx2yqdj4e'],
    ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN'],
    [x25519.identity],
    [''],
  ])
    assert.throws(() => assertRecipientsUniform(recipients), { code: 'key-invalid' });
});

test('an identity given where a recipient belongs is refused without being quoted', () => {
  assert.throws(
    () => recipientKind(x25519.identity),
    (error: Error) => !error.message.includes(x25519.identity.slice(20)),
  );
});

test('a malformed identity is refused without being quoted', async () => {
  const changed = x25519.identity.slice(0, -1);
  for (const refusal of [() => recipientOf(changed), async () => assertIdentity(changed)])
    await assert.rejects(refusal, (error: Error & { code: string }) => {
      assert.equal(error.code, 'key-invalid');
      assert.equal(error.cause, undefined);
      assert.ok(!error.message.includes(changed.slice(20)));
      return true;
    });
});

test('a recipient is named by the SHA-256 of its text', () => {
  assert.equal(
    recipientFingerprint('age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'),
    'cf7e5682313150685bf16e42c4ea48e168e16e8206c5c4ad37c72d013cb6a5f4',
  );
});
