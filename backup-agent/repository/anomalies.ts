import { z } from 'zod';
import type { Anomalies } from '../../contracts/job.ts';
import type { Manifest } from '../../contracts/manifest.ts';

/** Fewer backups of a kind tell nothing of what is usual. */
const fewest = 5;
/** Below these, a multiple of the usual is nothing to speak of. */
const leastItems = 1_000;
const leastBytes = 16 * 2 ** 20;
const leastDurationMs = 10 * 60_000;
const leastCompressed = 2 ** 20;

/** A tree or bucket that has lost this share of its entries is unusual. */
const lostShare = 0.5;

/** What sources say of deletions, in numbers: rows of the table that lost the most, entries left. */
const told = z
  .object({
    mostDeleted: z.int().nonnegative().optional(),
    entries: z.int().nonnegative().optional(),
  })
  .catch({});

interface Measure {
  readonly value: (manifest: Manifest) => number | undefined;
  readonly differs: (value: number, usual: number, limits: Anomalies) => boolean;
  readonly describe: (value: number, usual: number) => string;
}

const above =
  (least: number): Measure['differs'] =>
  (value, usual, { factor }) =>
    value > usual * factor && value - usual >= least;

const percent = (share: number) => `${Math.round(share * 100)} %`;
const minutes = (durationMs: number) => `${Math.round(durationMs / 60_000)} min`;

const measures: readonly Measure[] = [
  {
    value: ({ items }) => items,
    differs: above(leastItems),
    describe: (value, usual) => `${value} rows or entries, usually ${usual}`,
  },
  {
    value: ({ plaintextBytes }) => plaintextBytes,
    differs: above(leastBytes),
    describe: (value, usual) => `${value} bytes of data, usually ${usual}`,
  },
  {
    value: ({ source }) => told.parse(source).mostDeleted,
    differs: above(leastItems),
    describe: (value, usual) => `${value} rows deleted from one table, usually at most ${usual}`,
  },
  {
    value: ({ source }) => told.parse(source).entries,
    differs: (value, usual) => value < usual * lostShare && usual - value >= leastItems,
    describe: (value, usual) => `${value} entries are left, usually ${usual}`,
  },
  {
    value: ({ startedAt, finishedAt }) => Date.parse(finishedAt) - Date.parse(startedAt),
    differs: above(leastDurationMs),
    describe: (value, usual) => `took ${minutes(value)}, usually ${minutes(usual)}`,
  },
  {
    value: ({ storedBytes, plaintextBytes }) =>
      plaintextBytes < leastCompressed ? undefined : storedBytes / plaintextBytes,
    differs: (value, usual, { compressionLoss }) => value - usual >= compressionLoss / 100,
    describe: (value, usual) =>
      `compresses to ${percent(value)} only, usually to ${percent(usual)}: its content may have been encrypted`,
  },
];

/**
 * What is unusual about each backup, by id: compared with the median of those of its kind before it,
 * by what manifests say, so that no key and no customer data are needed. Backups come oldest first;
 * what is usual moves with them, so a change that lasts stops being unusual.
 */
export function findAnomalies(
  manifests: readonly Manifest[],
  limits: Anomalies | false,
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  if (!limits) return found;
  const past = new Map<string, Manifest[]>();
  for (const manifest of manifests) {
    const before = past.get(manifest.kind) ?? [];
    const unusual = before.length < fewest ? [] : compare(manifest, before, limits);
    if (unusual.length > 0) found.set(manifest.id, unusual);
    past.set(manifest.kind, [...before, manifest].slice(-limits.compareWith));
  }
  return found;
}

function compare(manifest: Manifest, before: readonly Manifest[], limits: Anomalies): string[] {
  return measures.flatMap(({ value, differs, describe }) => {
    const now = value(manifest);
    const usual = median(before.flatMap((earlier) => value(earlier) ?? []));
    if (now === undefined || usual === undefined || !differs(now, usual, limits)) return [];
    return [describe(now, usual)];
  });
}

function median(values: readonly number[]): number | undefined {
  if (values.length < fewest) return undefined;
  return values.toSorted((left, right) => left - right)[values.length >> 1];
}

/** The unusual ones among the backups of a job, for `standings`. */
export function anomalousBackups(
  backups: readonly { readonly manifest: Manifest }[],
  limits: Anomalies | false,
): ReadonlySet<string> {
  const manifests = backups.map(({ manifest }) => manifest);
  return new Set(findAnomalies(manifests, limits).keys());
}
