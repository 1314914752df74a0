import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  acquireLease,
  leaseState,
  type LeaseOptions,
} from '../../backup-agent/repository/lease.ts';
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
    assert.equal(lease.takeover, 'took over the expired lease of the dead');
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

describe('a lease that cannot be read', () => {
  async function damaged(ageMs: number) {
    const directory = await temporaryDirectory();
    const clock = () => new Date(Date.now() + ageMs);
    const storage = openLocalStorage(directory.path, { clock });
    await storage.put(leaseKey(job), Buffer.from('garbage'));
    return { storage, [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() };
  }

  test('counts as held as long as a live owner may not have renewed it, and says until when', async () => {
    await using d = await damaged(minuteMs / 2);
    await assert.rejects(acquireLease(optionsFor(d.storage, 'the next')), {
      code: 'lease-held',
      message: /job crm has a lease that cannot be read and counts as held until \d{4}-/,
    });
    assert.equal(await leaseState(d.storage, job, optionsFor(d.storage, '')), 'held');
  });

  test('is taken over after that by the storage’s own times, with what to warn of, and is whole again', async () => {
    await using d = await damaged(minuteMs * 3);
    // A host whose clock is far behind takes it, too.
    const behind = { ...optionsFor(d.storage, 'the next'), now: () => new Date(0) };
    assert.equal(await leaseState(d.storage, job, behind), 'expired');
    {
      await using lease = await acquireLease(behind);
      assert.match(
        lease.takeover ?? '',
        /a lease that cannot be read.*leases.crm\.json is not JSON/,
      );
    }
    assert.equal(await leaseState(d.storage, job, behind), 'free');
  });

  test('may be waited for', async () => {
    await using d = await damaged(0);
    let looks = 0;
    const storage = new Proxy(d.storage, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (name === 'now') return async () => new Date(Date.now() + (looks++ ? 2 * minuteMs : 0));
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    await using lease = await acquireLease({ ...optionsFor(storage, 'x'), waitEveryMs: 1 });
    assert.equal(looks, 2);
    assert.ok(lease.takeover);
  });
});
