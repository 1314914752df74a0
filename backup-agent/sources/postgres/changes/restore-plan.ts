import { HoldfastError } from '../../../errors/holdfast-error.ts';
import type { FollowState, LargeObjectsState, SequenceState, TableCopy } from './follow-state.ts';
import { formatLsn, parseLsn, type Lsn } from './lsn.ts';
import type { InexactTable } from './replay-progress.ts';
import type { ReplayTable } from './replay-tables.ts';
import type { ReplayTarget } from './replay-target.ts';

/** One backup of the chain, as planning needs it. */
export interface ChainLink {
  readonly state: FollowState;
  /** `point.time` of its manifest. */
  readonly time: Date;
}

export interface RestorePlan {
  /** The newest backup that ends at or before the target. */
  readonly boundary: number;
  /** The backup that holds the schema as of the boundary; 0: the full's own. */
  readonly schema: number;
  /** Tables whose rows come from an incremental's whole copy instead of the full's data. */
  readonly copies: readonly { readonly link: number; readonly copy: TableCopy }[];
  /** Tables of the full whose data must not be loaded: gone, or replaced by a copy. By OID. */
  readonly skipFullData: ReadonlySet<number>;
  readonly tables: readonly ReplayTable[];
  /** The backups whose changes are replayed, in order. */
  readonly changes: readonly number[];
  /** A marker is turned into its position. */
  readonly target: ReplayTarget;
  /** Whether the chain reaches as far as the target. */
  readonly covered: boolean;
  /** The newest reading of the large objects at or before the target; undefined: the full's. */
  readonly largeObjects: { readonly link: number; readonly entry: LargeObjectsState } | undefined;
  /** Read at or after the target where that exists: ahead of the rows or level, never behind. */
  readonly sequences: readonly SequenceState[];
  /** Tables that cannot be as they were at the target, and why. */
  readonly inexact: readonly InexactTable[];
}

/**
 * Decides from which backup what is restored, for a chain that starts with its full. Throws
 * `chain-broken` when the links do not fit, `moment-not-covered` when the target lies before the full
 * or a marker is unknown. A pure function.
 */
export function planRestore(chain: readonly ChainLink[], wanted: ReplayTarget): RestorePlan {
  checkChain(chain);
  const target = resolveMarker(chain, wanted);
  const boundary = newestBoundary(chain, target);
  const base = chain[boundary]?.state;
  const full = chain[0]?.state;
  if (base === undefined || full === undefined) throw notCovered('the chain starts later');
  const copies = newestCopies(chain.slice(0, boundary + 1), base);
  const from = (oid: number): Lsn => {
    const link = copies.find(({ copy }) => copy.oid === oid)?.link ?? 0;
    return parseLsn(chain[link]?.state.point ?? full.point);
  };
  const followed = base.tables.filter((table) => table.coverage.level === 'commit');
  const tables = followed.map(({ oid, schema, name }) => ({ oid, schema, name, from: from(oid) }));
  const present = new Set(base.tables.map((table) => table.oid));
  const gone = full.tables.map((table) => table.oid).filter((oid) => !present.has(oid));
  return {
    boundary,
    schema: Math.max(
      0,
      chain.findLastIndex(({ state }, at) => at <= boundary && !!state.schema),
    ),
    copies,
    skipFullData: new Set([...gone, ...copies.map(({ copy }) => copy.oid)]),
    tables,
    changes: chain.flatMap((link, index) => (needed(link, tables, target) ? [index] : [])),
    target,
    covered: target.kind === 'end' || lastNeeded(chain, target) >= 0,
    largeObjects: newestLargeObjects(chain.slice(0, boundary + 1)),
    sequences: (chain[lastNeeded(chain, target)] ?? chain.at(-1))?.state.sequences ?? [],
    inexact: inexactTables(chain, boundary, target),
  };
}

function checkChain(chain: readonly ChainLink[]): void {
  for (const [index, { state }] of chain.entries()) {
    const before = chain[index - 1]?.state;
    if (before === undefined) continue;
    if (state.changes?.from !== before.point) {
      throw new HoldfastError(
        'chain-broken',
        `an incremental goes on from ${state.changes?.from ?? 'nowhere'}, not from ${before.point}`,
      );
    }
  }
}

/** The newest marker of that name; its transaction is included. */
function resolveMarker(chain: readonly ChainLink[], target: ReplayTarget): ReplayTarget {
  if (target.kind !== 'mark') return target;
  const markers = chain.flatMap(({ state }) => state.changes?.markers ?? []);
  const marker = markers.findLast(({ name }) => name === target.name);
  if (marker === undefined) throw unknownMarker(target.name, markers);
  return { kind: 'lsn', lsn: parseLsn(marker.lsn) + 1n };
}

/** Markers are many where they are set by a schedule; the newest are those that somebody looks for. */
const markersNamed = 5;

function unknownMarker(name: string, markers: readonly { readonly name: string }[]): HoldfastError {
  const newest = [...new Set(markers.map((marker) => JSON.stringify(marker.name)).toReversed())];
  const stored = newest.slice(0, markersNamed).join(', ');
  const others = stored === '' ? 'this chain holds none' : `the newest are ${stored}`;
  return notCovered(`no marker ${JSON.stringify(name)} is stored; ${others}`);
}

function newestBoundary(chain: readonly ChainLink[], target: ReplayTarget): number {
  const first = chain[0];
  if (first === undefined) throw new HoldfastError('chain-broken', 'an empty chain');
  if (!endsBefore(first, target)) {
    throw notCovered(`the target lies before the full, which ends at ${describe(first)}`);
  }
  const beyond = chain.findIndex((link) => !endsBefore(link, target));
  return beyond < 0 ? chain.length - 1 : beyond - 1;
}

/** Whether everything in this backup belongs to the target. */
function endsBefore({ state, time }: ChainLink, target: ReplayTarget): boolean {
  if (target.kind === 'lsn') return parseLsn(state.point) <= target.lsn;
  if (target.kind !== 'time') return true;
  if (state.changes === undefined) return BigInt(time.getTime()) * 1000n <= target.timeUs;
  const { latestUs } = state.changes;
  return latestUs === undefined || BigInt(latestUs) <= target.timeUs;
}

interface LinkedCopy {
  readonly link: number;
  readonly copy: TableCopy;
}

function newestCopies(chain: readonly ChainLink[], base: FollowState): LinkedCopy[] {
  return base.tables.flatMap(({ oid }) => {
    const link = chain.findLastIndex(({ state }) => state.copies.some((copy) => copy.oid === oid));
    const copy = chain[link]?.state.copies.find((entry) => entry.oid === oid);
    return copy === undefined ? [] : [{ link, copy }];
  });
}

function newestLargeObjects(chain: readonly ChainLink[]): RestorePlan['largeObjects'] {
  const link = chain.findLastIndex(({ state }) => state.largeObjects !== undefined);
  const entry = chain[link]?.state.largeObjects;
  return entry === undefined ? undefined : { link, entry };
}

function needed(
  { state }: ChainLink,
  tables: readonly ReplayTable[],
  target: ReplayTarget,
): boolean {
  if (state.changes === undefined) return false;
  const to = parseLsn(state.changes.to);
  if (target.kind === 'lsn' && parseLsn(state.changes.from) >= target.lsn) return false;
  // Even without a table to replay, the moment reached is read off the changes.
  return tables.length === 0 || tables.some(({ from }) => from < to);
}

function lastNeeded(chain: readonly ChainLink[], target: ReplayTarget): number {
  return chain.findIndex(({ state, time }) => {
    if (target.kind === 'lsn') return parseLsn(state.point) >= target.lsn;
    return target.kind === 'time' && BigInt(time.getTime()) * 1000n >= target.timeUs;
  });
}

/** What the target lies between: rows of such tables are those of the boundary before it. */
function inexactTables(
  chain: readonly ChainLink[],
  boundary: number,
  target: ReplayTarget,
): InexactTable[] {
  const base = chain[boundary];
  const next = chain[boundary + 1];
  if (base === undefined || next === undefined || target.kind === 'end') return [];
  if (target.kind === 'lsn' && parseLsn(base.state.point) === target.lsn) return [];
  const later = new Map(next.state.tables.map((table) => [table.oid, table]));
  const earlier = new Set(base.state.tables.map(({ oid }) => oid));
  const between = `between ${describe(base)} and ${describe(next)}`;
  const made = next.state.tables.flatMap(({ oid, schema, name }) =>
    earlier.has(oid) ? [] : [{ schema, name, reason: `it was made ${between}, and is not there` }],
  );
  const changed = base.state.tables.flatMap(({ oid, schema, name, coverage, fingerprint }) => {
    if (coverage.level !== 'commit') {
      const why = coverage.reason ?? 'its changes cannot be followed';
      return [{ schema, name, reason: `its rows are those of ${describe(base)}: ${why}` }];
    }
    if (later.get(oid)?.fingerprint === fingerprint) return [];
    return [{ schema, name, reason: `it was redefined, rewritten or dropped ${between}` }];
  });
  return [...changed, ...made];
}

function describe({ state, time }: ChainLink): string {
  return `${formatLsn(parseLsn(state.point))} (${time.toISOString()})`;
}

function notCovered(what: string): HoldfastError {
  return new HoldfastError('moment-not-covered', what);
}
