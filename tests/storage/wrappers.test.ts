import { withBandwidthLimit } from '../../backup-agent/storage/bandwidth.ts';
import { withConcurrencyLimit } from '../../backup-agent/storage/concurrency.ts';
import { dryRun } from '../../backup-agent/storage/dry-run.ts';
import { createFaults, withFaults } from '../../backup-agent/storage/faults.ts';
import { readOnly } from '../../backup-agent/storage/read-only.ts';
import { withRetry } from '../../backup-agent/storage/retry.ts';
import { storageConformance } from '../conformance/storage.ts';
import { localSubject } from './subjects.ts';

/** What the storage below is held to elsewhere: names and long listings pass through untouched. */
const passedThrough = { unusualKeys: false, longListing: false, largeBytes: 1_000_003 };
const fast = { uploadBytesPerSecond: 2 ** 34, downloadBytesPerSecond: 2 ** 34 };

storageConformance(
  'a retrying storage',
  () => localSubject((storage) => withRetry(storage)),
  passedThrough,
);
storageConformance(
  'a storage of limited bandwidth',
  () => localSubject((storage) => withBandwidthLimit(storage, fast)),
  passedThrough,
);
storageConformance(
  'a storage of limited concurrency',
  () => localSubject((storage) => withConcurrencyLimit(storage, 2)),
  passedThrough,
);
storageConformance(
  'a storage without faults armed',
  () => localSubject((storage) => withFaults(storage, createFaults())),
  passedThrough,
);
storageConformance('a read-only storage', () => localSubject(readOnly), {
  ...passedThrough,
  only: 'reading',
});
storageConformance('a dry run', () => localSubject((storage) => dryRun(storage)), {
  ...passedThrough,
  only: 'reading',
});
