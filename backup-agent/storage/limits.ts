import { withBandwidthLimit } from './bandwidth.ts';
import { withConcurrencyLimit } from './concurrency.ts';
import type { Storage } from './storage.ts';

export interface StorageLimits {
  /** Bytes per second, over all uploads. */
  readonly uploadRate?: number | undefined;
  /** Bytes per second, over all downloads. */
  readonly downloadRate?: number | undefined;
  /** Requests under way at once. */
  readonly requests?: number | undefined;
}

/** The storage with the limits that are set, and unwrapped where none is. */
export function withLimits(storage: Storage, limits: StorageLimits): Storage {
  const { uploadRate, downloadRate, requests } = limits;
  const paced =
    uploadRate === undefined && downloadRate === undefined
      ? storage
      : withBandwidthLimit(storage, {
          ...(uploadRate === undefined ? {} : { uploadBytesPerSecond: uploadRate }),
          ...(downloadRate === undefined ? {} : { downloadBytesPerSecond: downloadRate }),
        });
  return requests === undefined ? paced : withConcurrencyLimit(paced, requests);
}
