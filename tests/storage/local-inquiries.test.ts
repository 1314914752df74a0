import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Inquiries } from '../../backup-agent/storage/local/inquiries.ts';

/** A question that is answered when told, and counts how often it was put. */
function question() {
  const waiting: ((answer: string) => void)[] = [];
  return {
    waiting,
    ask: () => new Promise<string>((resolve) => waiting.push(resolve)),
  };
}

test('who asks while the same question is under way gets its answer, and none is kept', async () => {
  const { waiting, ask } = question();
  const inquiries = new Inquiries();
  const both = [inquiries.ask('folder', ask), inquiries.ask('folder', ask)];
  assert.equal(waiting.length, 1);
  waiting[0]?.('real');
  assert.deepEqual(await Promise.all(both), ['real', 'real']);
  const later = inquiries.ask('folder', ask);
  assert.equal(waiting.length, 2);
  waiting[1]?.('missing');
  assert.equal(await later, 'missing');
});

test('after a change nobody gets an answer from before it', async () => {
  const { waiting, ask } = question();
  const inquiries = new Inquiries();
  const before = inquiries.ask('folder', ask);
  inquiries.forget();
  const after = inquiries.ask('folder', ask);
  waiting[0]?.('missing');
  assert.equal(await before, 'missing');
  // The old answer's end takes nothing from those who ask the new question.
  const joined = inquiries.ask('folder', ask);
  assert.equal(waiting.length, 2);
  waiting[1]?.('real');
  assert.deepEqual(await Promise.all([after, joined]), ['real', 'real']);
});

test('a failure reaches all who asked, and the next asks anew', async () => {
  const inquiries = new Inquiries();
  const fail = async () => {
    throw new Error('unreadable');
  };
  for (const asked of await Promise.allSettled([
    inquiries.ask('folder', fail),
    inquiries.ask('folder', fail),
  ]))
    assert.equal(asked.status, 'rejected');
  assert.equal(await inquiries.ask('folder', async () => 'real'), 'real');
});
