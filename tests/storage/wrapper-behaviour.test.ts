import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { withBandwidthLimit } from '../../backup-agent/storage/bandwidth.ts';
import { withConcurrencyLimit } from '../../backup-agent/storage/concurrency.ts';
import { dryRun, type DryRunAction } from '../../backup-agent/storage/dry-run.ts';
import { HoldfastError } from '../../backup-agent/errors/holdfast-error.ts';
import { createFaults, withFaults } from '../../backup-agent/storage/faults.ts';
import { withLimits } from '../../backup-agent/storage/limits.ts';
import { readOnly } from '../../backup-agent/storage/read-only.ts';
import { withRetry } from '../../backup-agent/storage/retry.ts';
import { ForwardingStorage } from '../../backup-agent/storage/forwarding.ts';
import type { Body, Storage, StoredObject } from '../../backup-agent/storage/storage.ts';
import {
  bytes,
  digestOf,
  keysOf,
  patterned,
  streamed,
  textOf,
} from '../conformance/storage-content.ts';
import { localSubject } from './subjects.ts';

class CountingStorage extends ForwardingStorage {
  most = 0;
  #underWay = 0;

  override async put(key: string, body: Body): Promise<StoredObject> {
    this.#underWay += 1;
    this.most = Math.max(this.most, this.#underWay);
    try {
      return await super.put(key, body);
    } finally {
      this.#underWay -= 1;
    }
  }
}

const unreachable = new HoldfastError('storage-unreachable', 'the line is down');

suite('retry', () => {
  const pauses: number[] = [];
  let retries = 0;
  const policy = {
    attempts: 4,
    firstPauseMs: 100,
    longestPauseMs: 250,
    random: () => 0.5,
    sleep: async (pauseMs: number): Promise<void> => void pauses.push(pauseMs),
    onRetry: () => void (retries += 1),
  };
  const faults = createFaults();
  const subject = (): ReturnType<typeof localSubject> => {
    pauses.length = 0;
    retries = 0;
    faults.disarm();
    return localSubject((storage) => withRetry(withFaults(storage, faults), policy));
  };

  test('pauses double up to the longest, jittered, and the last error is thrown', async () => {
    await using opened = await subject();
    faults.arm({ point: 'stat', times: 99, action: { kind: 'fail', error: unreachable } });
    await assert.rejects(opened.storage.stat('a'), unreachable);
    assert.deepEqual(pauses, [50, 100, 125]);
    assert.equal(retries, 3);
  });

  test('a final error is not repeated', async () => {
    await using opened = await subject();
    const denied = new HoldfastError('storage-denied', 'no');
    faults.arm({ point: 'put', action: { kind: 'fail', error: denied } });
    await assert.rejects(opened.storage.put('a', bytes('x')), denied);
    assert.deepEqual(pauses, []);
    assert.equal(retries, 0);
  });

  test('a put that arrived though it failed succeeds, if the content is its own', async () => {
    await using opened = await subject();
    const { storage } = opened;
    faults.arm({ point: 'put', action: { kind: 'fail-after', error: unreachable } });
    await storage.put('commit', bytes('mine'), { ifAbsent: true });
    const { etag = '' } = (await storage.stat('commit')) ?? {};
    faults.arm({ point: 'put', action: { kind: 'fail-after', error: unreachable } });
    await storage.put('commit', bytes('mine, replaced'), { ifMatch: etag });
    assert.equal(await textOf(storage, 'commit'), 'mine, replaced');
  });

  test('a put that failed and finds another’s object has lost', async () => {
    await using opened = await subject();
    const { storage, prepare } = opened;
    faults.arm({ point: 'put', action: { kind: 'fail', error: unreachable } });
    faults.arm({
      point: 'put',
      action: { kind: 'run', run: async () => void (await prepare.put('commit', bytes('this'))) },
    });
    const lost = { code: 'storage-object-exists' };
    await assert.rejects(storage.put('commit', bytes('that'), { ifAbsent: true }), lost);
    assert.equal(await textOf(storage, 'commit'), 'this');
  });

  test('a stream is put once: its bytes are gone after the first attempt', async () => {
    await using opened = await subject();
    faults.arm({ point: 'put', action: { kind: 'fail', error: unreachable } });
    await assert.rejects(opened.storage.put('a', streamed([bytes('x')])), unreachable);
  });

  test('a read that breaks goes on at the next byte, within its range', async () => {
    await using opened = await subject();
    const { storage } = opened;
    await storage.put('a', bytes('0123456789'));
    for (const afterBytes of [3, 0, 2])
      faults.arm({ point: 'get', action: { kind: 'break', afterBytes, error: unreachable } });
    assert.equal(await textOf(storage, 'a', { range: { start: 1, end: 9 } }), '12345678');
  });

  test('an abort ends the pause with the signal’s reason', async () => {
    await using directory = await localSubject();
    const abort = new AbortController();
    const reason = new Error('stop here');
    const storage = withRetry(withFaults(directory.storage, faults), {
      ...policy,
      sleep: async () => {
        abort.abort(reason);
        throw new Error('the sleep was cut short');
      },
    });
    faults.arm({ point: 'stat', action: { kind: 'fail', error: unreachable } });
    await assert.rejects(storage.stat('a', { signal: abort.signal }), reason);
  });
});

suite('bandwidth limit', () => {
  function clocked(storage: Storage, rate: number): { storage: Storage; elapsedMs: () => number } {
    let nowMs = 0;
    const limits = {
      uploadBytesPerSecond: rate,
      downloadBytesPerSecond: rate,
      nowMs: () => nowMs,
      sleep: async (pauseMs: number): Promise<void> => {
        nowMs += pauseMs;
      },
    };
    return { storage: withBandwidthLimit(storage, limits), elapsedMs: () => nowMs };
  }

  test('a stream takes the time that its bytes need, but for its last chunk', async () => {
    await using subject = await localSubject();
    const { storage, elapsedMs } = clocked(subject.storage, 1000);
    const chunks = Array.from({ length: 11 }, () => Buffer.alloc(500));
    await storage.put('a', streamed(chunks));
    assert.equal(elapsedMs(), 5000);
  });

  test('uploads share one rate, downloads another', async () => {
    await using subject = await localSubject();
    const { storage, elapsedMs } = clocked(subject.storage, 1000);
    await storage.put('a', Buffer.alloc(3000));
    await storage.put('b', Buffer.alloc(10));
    assert.equal(elapsedMs(), 3000);
    await textOf(storage, 'a');
    assert.equal(elapsedMs(), 3010 - 10);
  });
});

suite('concurrency limit', () => {
  test('no more calls than the limit are under way, and all are served', async () => {
    await using subject = await localSubject();
    const counting = new CountingStorage(subject.storage);
    const storage = withConcurrencyLimit(counting, 3);
    const keys = Array.from({ length: 40 }, (_, index) => `k${index}`);
    await Promise.all(keys.map((key) => storage.put(key, bytes('x'))));
    assert.equal(counting.most, 3);
    assert.equal((await keysOf(storage, '')).length, 40);
  });

  test('a call that is aborted while it waits gives its place up', async () => {
    await using subject = await localSubject();
    const storage = withConcurrencyLimit(subject.storage, 1);
    const abort = new AbortController();
    const reason = new Error('stop here');
    const begun = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const slow = (async function* () {
      begun.resolve();
      await finish.promise;
      yield bytes('x');
    })();
    const first = storage.put('a', slow);
    const second = storage.put('b', bytes('x'), { signal: abort.signal });
    const third = storage.put('c', bytes('x'));
    abort.abort(reason);
    await assert.rejects(second, reason);
    await begun.promise;
    finish.resolve();
    await Promise.all([first, third]);
    assert.deepEqual(await keysOf(storage, ''), ['a', 'c']);
  });

  test('many open readers and listings do not wait for each other', async () => {
    await using subject = await localSubject();
    const storage = withConcurrencyLimit(subject.storage, 1);
    await storage.put('a', bytes('x'));
    await storage.put('b', bytes('y'));
    const readers = await Promise.all(['a', 'b', 'a'].map((key) => storage.get(key)));
    for await (const { key } of storage.list(''))
      for await (const { key: other } of storage.list('')) assert.ok(key !== '' && other !== '');
    const contents = await Promise.all(readers.map((reader) => Array.fromAsync(reader)));
    assert.equal(Buffer.concat(contents.flat()).toString(), 'xyx');
  });
});

suite('read-only and dry run', () => {
  test('read-only refuses every change as storage-denied', async () => {
    await using subject = await localSubject(readOnly);
    const { storage, prepare } = subject;
    await prepare.put('a', bytes('x'));
    const denied = { code: 'storage-denied' };
    await assert.rejects(storage.put('b', bytes('x')), denied);
    await assert.rejects(storage.remove('a'), denied);
    await assert.rejects(storage.setLegalHold('a', true), denied);
    await assert.rejects(storage.removeUnfinished(new Date()), denied);
    assert.deepEqual(await keysOf(prepare, ''), ['a']);
  });

  test('a dry run tells what it would do, checks conditions, and changes nothing', async () => {
    const told: DryRunAction[] = [];
    await using subject = await localSubject((storage) => dryRun(storage, (act) => told.push(act)));
    const { storage, prepare } = subject;
    await prepare.put('a', bytes('x'));
    await storage.put('b', streamed(patterned(1000)));
    await storage.remove('a');
    await storage.setLegalHold('a', true);
    await assert.rejects(storage.put('a', bytes('y'), { ifAbsent: true }), {
      code: 'storage-object-exists',
    });
    await assert.rejects(storage.put('a', bytes('y'), { ifMatch: 'other' }), {
      code: 'storage-changed',
    });
    await assert.rejects(storage.put('c', bytes('y'), { sizeBytes: 2 }), {
      code: 'storage-size-mismatch',
    });
    assert.deepEqual(told, [
      { kind: 'put', key: 'b', sizeBytes: 1000 },
      { kind: 'remove', key: 'a' },
      { kind: 'hold', key: 'a' },
    ]);
    assert.equal(await textOf(prepare, 'a'), 'x');
    assert.deepEqual(await keysOf(prepare, ''), ['a']);
  });
});

suite('fault injection', () => {
  test('faults hit the calls they name, and no others', async () => {
    const faults = createFaults();
    await using subject = await localSubject((storage) => withFaults(storage, faults));
    const { storage } = subject;
    const error = new Error('here');
    faults.arm({ point: 'put', key: 'b', skip: 1, times: 2, action: { kind: 'fail', error } });
    await storage.put('a', bytes('x'));
    await storage.put('b1', bytes('x'));
    await assert.rejects(storage.put('b2', bytes('x')), error);
    await assert.rejects(storage.put('b3', bytes('x')), error);
    await storage.put('b4', bytes('x'));
    assert.deepEqual(await keysOf(storage, ''), ['a', 'b1', 'b4']);
  });

  test('truncation and flipped bits reach readers unseen, and stored bodies', async () => {
    const faults = createFaults();
    await using subject = await localSubject((storage) => withFaults(storage, faults));
    const { storage, prepare } = subject;
    faults.arm({ point: 'put', action: { kind: 'flip', atByte: 1 } });
    await storage.put('a', bytes('abc'));
    assert.equal(await textOf(prepare, 'a'), 'acc');
    faults.arm({ point: 'get', action: { kind: 'truncate', afterBytes: 2 } });
    assert.equal(await textOf(storage, 'a'), 'ac');
    assert.equal(await digestOf(storage, 'a'), await digestOf(prepare, 'a'));
  });
});

suite('limits of the configuration', () => {
  test('a storage without limits stays as it is', async () => {
    await using opened = await localSubject();
    assert.equal(withLimits(opened.storage, {}), opened.storage);
  });

  test('requests and rates hold together', async () => {
    await using opened = await localSubject();
    const counting = new CountingStorage(opened.storage);
    const limited = withLimits(counting, { requests: 2, uploadRate: 2 ** 30 });
    const keys = ['a', 'b', 'c', 'd', 'e'];
    await Promise.all(keys.map((key) => limited.put(key, bytes(key))));
    assert.equal(counting.most, 2);
    assert.deepEqual(await keysOf(limited, ''), keys);
  });
});
