import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { isHoldfastError, HoldfastError } from '../errors/holdfast-error.ts';
import type { StoredObject, Storage } from '../storage/storage.ts';
import { leaseKey } from './layout.ts';
import { parseJson, readSmall } from './small-objects.ts';

const leaseDocument = z.object({
  format: z.literal('holdfast-lease/1'),
  owner: z.string(),
  acquiredAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  released: z.boolean(),
});
type LeaseDocument = z.infer<typeof leaseDocument>;

/**
 * A courtesy that saves two runs of one job from doing the same work; the commit decides. So a lease
 * that was lost is no error for its former owner.
 */
export interface Lease extends AsyncDisposable {
  /** What was taken over, for the log: an expired lease, or one that nobody could read. */
  readonly takeover: string | undefined;
}

/** How long the lease of a run that died keeps others waiting. */
export const leaseDurationMs = 120_000;

export interface LeaseOptions {
  readonly storage: Storage;
  readonly job: string;
  readonly owner: string;
  readonly now: () => Date;
  readonly durationMs: number;
  readonly signal: AbortSignal;
  /** Waits, looking again after so long, for a lease that somebody else holds. */
  readonly waitEveryMs?: number;
}

/**
 * Takes the job's lease and renews it at a third of its duration until disposed. Throws `lease-held`
 * when somebody else's has not expired, unless told to wait. One that cannot be read counts as
 * somebody's until nobody can have renewed it for so long.
 */
export async function acquireLease(options: LeaseOptions): Promise<Lease> {
  const { waitEveryMs, signal } = options;
  for (;;) {
    try {
      return await takeLease(options);
    } catch (error) {
      if (waitEveryMs === undefined || !isHoldfastError(error, 'lease-held')) throw error;
    }
    await delay(waitEveryMs, undefined, { signal });
  }
}

/** Looks again when another claim was faster: it may be a dead run's, which arrived late. */
const mostLooks = 3;

async function takeLease(options: LeaseOptions, looks = 1): Promise<Lease> {
  const { storage, job, now, signal } = options;
  const key = leaseKey(job);
  const found = await storage.stat(key, { signal });
  const former = found && (await readLease(options, found));
  if (former && (await isHeld(options, former)))
    throw new HoldfastError('lease-held', `job ${job} ${holderOf(former)}`);
  const claimed = await claim(options, found?.etag);
  if (claimed === undefined && looks < mostLooks) return await takeLease(options, looks + 1);
  if (claimed === undefined)
    throw new HoldfastError('lease-held', `another run took the lease of job ${job} first`);
  let etag = claimed;
  const acquiredAt = now().toISOString();

  const renew = async (released: boolean) => {
    const body = encode(options, { acquiredAt, released });
    etag = (await storage.put(key, body, { ifMatch: etag })).etag;
  };
  let renewal: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    renewal = renewal
      .then(() => renew(false))
      // Somebody took it over: leave it to them. Anything else may pass.
      .catch((error) => isHoldfastError(error, 'storage-changed') && clearInterval(timer))
      .then(() => undefined);
  }, options.durationMs / 3);
  timer.unref();

  return {
    takeover: former && takeoverOf(former),
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await renewal;
      await renew(true).catch(() => undefined);
    },
  };
}

/** `expired`: its owner ended without a release; whoever comes next takes it over. */
export const leaseStates = ['free', 'held', 'expired'] as const;
export type LeaseState = (typeof leaseStates)[number];

/** Whether a job's lease is held at this moment; changes nothing. */
export async function leaseState(
  storage: Storage,
  job: string,
  { now, signal }: Pick<LeaseOptions, 'now' | 'signal'>,
): Promise<LeaseState> {
  const options = { storage, job, now, signal, durationMs: leaseDurationMs };
  const found = await storage.stat(leaseKey(job), { signal });
  const lease = found && (await readLease(options, found));
  if (!lease || ('released' in lease && lease.released)) return 'free';
  return (await isHeld(options, lease)) ? 'held' : 'expired';
}

/** A lease decides nothing, so damage to one is no reason to stop for good. */
interface UnreadableLease {
  readonly error: HoldfastError;
  /** By the storage's clock: a live owner would have written it anew before. */
  readonly heldUntil: Date;
}

type Reading = Pick<LeaseOptions, 'storage' | 'job' | 'now' | 'signal' | 'durationMs'>;

async function readLease(
  { storage, job, signal, durationMs }: Reading,
  { modifiedAt }: StoredObject,
): Promise<LeaseDocument | UnreadableLease> {
  const key = leaseKey(job);
  try {
    return parseJson(leaseDocument, await readSmall(storage, key, { signal }), key);
  } catch (error) {
    if (!isHoldfastError(error, 'document-malformed')) throw error;
    return { error, heldUntil: new Date(modifiedAt.getTime() + durationMs) };
  }
}

async function isHeld(
  { storage, now, signal }: Reading,
  lease: LeaseDocument | UnreadableLease,
): Promise<boolean> {
  if ('error' in lease) return lease.heldUntil > (await storage.now({ signal }));
  return !lease.released && Date.parse(lease.expiresAt) > now().getTime();
}

function holderOf(lease: LeaseDocument | UnreadableLease): string {
  return 'error' in lease
    ? `has a lease that cannot be read and counts as held until ${lease.heldUntil.toISOString()}: ${lease.error.message}`
    : `is being worked on by ${lease.owner} until ${lease.expiresAt}`;
}

function takeoverOf(lease: LeaseDocument | UnreadableLease): string | undefined {
  if ('error' in lease)
    return `took over a lease that cannot be read, and that nobody renews: ${lease.error.message}`;
  return lease.released ? undefined : `took over the expired lease of ${lease.owner}`;
}

/** The lease's etag; undefined when another claim was faster. */
async function claim(
  options: LeaseOptions,
  formerEtag: string | undefined,
): Promise<string | undefined> {
  const { storage, job, signal } = options;
  const body = encode(options, { acquiredAt: options.now().toISOString(), released: false });
  const condition = formerEtag === undefined ? { ifAbsent: true } : { ifMatch: formerEtag };
  try {
    return (await storage.put(leaseKey(job), body, { ...condition, signal })).etag;
  } catch (error) {
    if (
      isHoldfastError(error, 'storage-object-exists') ||
      isHoldfastError(error, 'storage-changed')
    )
      return undefined;
    throw error;
  }
}

function encode(
  options: LeaseOptions,
  state: Pick<LeaseDocument, 'acquiredAt' | 'released'>,
): Uint8Array {
  const document: LeaseDocument = {
    format: 'holdfast-lease/1',
    owner: options.owner,
    expiresAt: new Date(options.now().getTime() + options.durationMs).toISOString(),
    ...state,
  };
  return Buffer.from(`${JSON.stringify(document)}\n`);
}
