import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { UploadRoom } from '../../backup-agent/storage/s3/upload-room.ts';
import { digestOf, patterned, streamed } from '../conformance/storage-content.ts';
import { s3Subject } from './subjects.ts';

const never = new AbortController().signal;

suite('the room that uploads share', () => {
  test('it is given in turn, never beyond its size', async () => {
    const room = new UploadRoom(10);
    const order: number[] = [];
    const enter = (name: number, bytes: number): Promise<void> =>
      room.enter(bytes, never).then(() => void order.push(name));
    await enter(1, 6);
    const second = enter(2, 6);
    const third = enter(3, 1);
    await Promise.resolve();
    assert.deepEqual(order, [1]);
    room.leave(6);
    await Promise.all([second, third]);
    assert.deepEqual(order, [1, 2, 3]);
  });

  test('what is larger than the room goes alone', async () => {
    const room = new UploadRoom(10);
    await room.enter(50, never);
    let entered = false;
    const next = room.enter(1, never).then(() => (entered = true));
    await Promise.resolve();
    assert.equal(entered, false);
    room.leave(50);
    await next;
  });

  test('who gives up while waiting does not keep the next one out', async () => {
    const room = new UploadRoom(10);
    await room.enter(6, never);
    const abort = new AbortController();
    const reason = new Error('stop here');
    const large = room.enter(9, abort.signal);
    const small = room.enter(4, never);
    abort.abort(reason);
    await assert.rejects(large, reason);
    await small;
  });

  test('many large uploads at once share it, and all arrive', async () => {
    await using subject = await s3Subject('plain', { partsAtOnce: 1 });
    const { storage } = subject;
    const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
    await Promise.all(keys.map((key) => storage.put(key, streamed(patterned(11_000_003)))));
    const digests = await Promise.all(keys.map((key) => digestOf(storage, key)));
    assert.equal(new Set(digests).size, 1);
  });
});
