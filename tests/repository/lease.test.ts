import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { acquireLease, type LeaseOptions } from '../../backup-agent/repository/lease.ts';
import { leaseKey } from '../../backup-agent/repository/layout.ts';
import { openLocalStorage } from '../../backup-agent/storage/local.ts';
import type { Storage } from '../../backup-agent/storage/storage.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const job = 'crm';
const minuteMs = 60_000;

function optionsFor(storage: Storage, owner: string): LeaseOptions {
  const { signal } = new AbortController();
  return { storage, job, owner, now: () => new Date(), durationMs: minuteMs, signal };
}

function leaseOf(owner: string, expiresInMs: number): Uint8Array {
  const time = (ms: number) => new Date(Date.now() + ms).toISOString();
  const times = { acquiredAt: time(expiresInMs - minuteMs), expiresAt: time(expiresInMs) };
  return Buffer.from(
    JSON.stringify({ format: 'holdfast-lease/1', owner, ...times, released: false }),
  );
}

/** A storage in which something else arrives each time before the lease is put, as long as there is any. */
function overtaken(storage: Storage, arriving: Uint8Array[]): Storage {
  return new Proxy(storage, {
    get(target, name) {
      if (name !== 'put') {
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === 'function' ? member.bind(target) : member;
      }
      return async (...call: Parameters<Storage['put']>) => {
        const late = arriving.shift();
        if (late) await target.put(leaseKey(job), late);
        return await target.put(...call);
      };
    },
  });
}

describe('a claim on the lease that arrives just before ours', () => {
  test('is taken over when it is a dead run’s, which has expired', async () => {
    await using directory = await temporaryDirectory();
    const storage = openLocalStorage(directory.path);
    const late = overtaken(storage, [leaseOf('the dead', -1)]);
    await using lease = await acquireLease(optionsFor(late, 'the living'));
    assert.equal(lease.tookOverFrom, 'the dead');
  });

  test('keeps us from beginning when it is alive, and is named', async () => {
    await using directory = await temporaryDirectory();
    const storage = openLocalStorage(directory.path);
    const faster = overtaken(storage, [leaseOf('the faster', minuteMs)]);
    await assert.rejects(acquireLease(optionsFor(faster, 'the slower')), {
      code: 'lease-held',
      message: /by the faster until/,
    });
  });

  test('is not looked at for ever', async () => {
    await using directory = await temporaryDirectory();
    const storage = openLocalStorage(directory.path);
    const dead = Array.from({ length: 9 }, (_, at) => leaseOf(`dead ${at}`, -1));
    await assert.rejects(acquireLease(optionsFor(overtaken(storage, dead), 'the living')), {
      code: 'lease-held',
    });
    assert.ok(dead.length > 0);
  });
});
