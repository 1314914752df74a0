import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { ContentKey } from '../../../backup-agent/sources/files/content-key.ts';

test('a content at hand has the digest of the same content in pieces: HMAC-SHA-256', () => {
  const bytes = randomBytes(32);
  const key = new ContentKey(bytes);
  const room = key.room(100_000);
  for (const size of [100_000, 0, 1, 55, 56, 63, 64, 65, 128, 9999]) {
    const content = randomBytes(size);
    content.copy(room.content(size));
    const digest = createHmac('sha256', bytes).update(content).digest('base64url');
    assert.equal(room.digest(size), digest);
    assert.equal(key.start().update(content).digest('base64url'), digest);
  }
  assert.equal(key.ofNothing, room.digest(0));
});

test('a key longer than a block of the hash is refused, for it would have to be hashed first', () => {
  assert.throws(() => new ContentKey(randomBytes(65)).room(1), RangeError);
});
