import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { ReceivedBytes } from '../../../backup-agent/sources/files/worker/byte-channel.ts';
import { Errors } from '../../../backup-agent/sources/files/worker/errors.ts';

test('a stream whose chunks are always there lets another port speak between them', async () => {
  const stream = new MessageChannel();
  const other = new MessageChannel();
  const events: string[] = [];
  other.port2.on('message', (what: string) => events.push(what));
  for (let number = 0; number < 20; number++)
    stream.port1.postMessage({ chunk: Uint8Array.of(number) }, []);
  stream.port1.postMessage({ end: 'note' }, []);
  const bytes = new ReceivedBytes(stream.port2, new Errors());
  for await (const [number] of bytes) {
    if (number === 0) other.port1.postMessage('spoken', []);
    events.push(`chunk ${number}`);
  }
  other.port2.close();
  assert.equal(bytes.note, 'note');
  assert.equal(events.filter((event) => event.startsWith('chunk')).length, 20);
  assert.ok(events.slice(0, -1).includes('spoken'), events.join());
});
