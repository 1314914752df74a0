import assert from 'node:assert/strict';
import test from 'node:test';
import { generateIdentity } from '../../backup-agent/keys/identities.ts';
import { recipientFingerprint } from '../../backup-agent/keys/recipients.ts';
import { recoverySheet } from '../../backup-agent/keys/recovery-sheet.ts';
import { generateSigningKey } from '../../backup-agent/keys/signing-key.ts';

const createdAt = new Date('2026-11-22T21:05:00.000Z');

test('the sheet alone is enough: secret, fingerprint, signers, and what to run', async () => {
  const key = await generateIdentity();
  const { publicKey } = generateSigningKey();
  const signers = [{ role: 'writer' as const, publicKey }];
  const sheet = recoverySheet({ title: 'escrow key', createdAt, key, signers });
  for (const needed of [
    'escrow key',
    '2026-11-22T21:05:00.000Z',
    recipientFingerprint(key.recipient),
    `\n${key.recipient}\n`,
    `\n${key.identity}\n`,
    'RECOVER.md',
    'age --decrypt --identity key.txt OBJECT.zst.age | zstd --decompress',
    publicKey,
  ])
    assert.ok(sheet.includes(needed), needed);
});

test('it fits a printed page, in both kinds, and the hybrid one names the age it needs', async () => {
  for (const postQuantum of [false, true]) {
    const key = await generateIdentity({ postQuantum });
    const sheet = recoverySheet({ title: 'primary key', createdAt, key, signers: [] });
    const lines = sheet.split('\n');
    assert.ok(lines.length < 60, `${lines.length} lines`);
    for (const line of lines) assert.ok(line.length <= 86, line);
    assert.match(sheet, postQuantum ? /age 1\.3 or later/ : /age 1\.0 or later/);
  }
});

test('the same keys make the same sheet', async () => {
  const key = await generateIdentity();
  const make = () => recoverySheet({ title: 'primary key', createdAt, key, signers: [] });
  assert.equal(make(), make());
});
