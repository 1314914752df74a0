import { suite } from 'node:test';
import type { Storage } from '../../backup-agent/storage/storage.ts';
import { concurrencyTests } from './storage-concurrency.ts';
import { failedPutTests } from './storage-failed-puts.ts';
import { listingTests } from './storage-listing.ts';
import { readingTests } from './storage-reading.ts';
import { writingTests } from './storage-writing.ts';

/** A fresh, empty place for one test. */
export interface ConformanceSubject extends AsyncDisposable {
  readonly storage: Storage;
  /** Writes what the tests read, where the storage under test does not write. */
  readonly prepare?: Storage;
}

export interface ConformanceTraits {
  /** `all` unless the storage is one that never writes. */
  readonly only?: 'reading';
  /** False for an emulator that ignores If-None-Match and If-Match. */
  readonly conditions?: boolean;
  /** False for an emulator that cannot keep every legal key. */
  readonly unusualKeys?: boolean;
  /** False for an emulator that lists in another order than that of bytes. */
  readonly byteOrder?: boolean;
  /** False for an emulator that cannot list versions. */
  readonly versions?: boolean;
  /** False where 1,000 puts cost more than a test may. */
  readonly longListing?: boolean;
  /** False where unfinished multipart uploads cannot be listed. */
  readonly listsUnfinished?: boolean;
  /** A body that needs several parts. */
  readonly largeBytes?: number;
}

export type OpenSubject = () => Promise<ConformanceSubject>;

/** What every storage and every wrapper keeps, as tests: the executable form of storage.ts. */
export function storageConformance(
  name: string,
  open: OpenSubject,
  traits: ConformanceTraits = {},
): void {
  suite(`${name} keeps the storage contract`, () => {
    readingTests(open);
    listingTests(open, traits);
    if (traits.only === 'reading') return;
    writingTests(open, traits);
    failedPutTests(open, traits);
    if (traits.conditions !== false) concurrencyTests(open);
  });
}
