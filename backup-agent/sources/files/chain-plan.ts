import type { BackupKind } from '../../../contracts/manifest.ts';
import type { BackupReader, BackupRun, BackupWriter, PreparedBackup } from '../source.ts';
import type { Findings } from './interrupted.ts';
import { indexLineage } from './lineage.ts';

/** So many indexes of changes may build on each other before a whole one is written again. */
const longestIndexChain = 16;

/** Plaintext of a segment, about, unless told. */
export const defaultSegmentBytes = 64 * 1024 * 1024;
/** Of the key of a chain's digests. */
export const keyBytes = 32;

/** What a backup of files or objects builds on. */
export interface ChainPlan {
  readonly kind: BackupKind;
  /** The chain up to what it hangs on; empty for a full. */
  readonly parents: readonly BackupReader[];
  /** Whether its index names every entry. */
  readonly whole: boolean;
}

export function planChain({ chain, requested }: Pick<BackupRun, 'chain' | 'requested'>): ChainPlan {
  const kind = chain.length > 0 ? requested : 'full';
  const parents = { full: [], differential: chain.slice(0, 1), incremental: chain }[kind];
  const whole = parents.length === 0 || indexLineage(parents).length >= longestIndexChain;
  return { kind, parents, whole };
}

/** What is to be committed; `fromInterrupted` when an earlier run had found it all. */
export function preparedBackup(
  { kind, parents, whole }: ChainPlan,
  requested: BackupKind,
  writer: BackupWriter,
  findings: Findings,
  fromInterrupted: boolean,
): PreparedBackup {
  const { time, problems, entries, segments, leftOut } = findings;
  return {
    writer,
    kind,
    ...(fromInterrupted ? { fromInterrupted: true } : {}),
    ...(kind === requested ? {} : { reason: 'there is no full backup to build on' }),
    point: { time },
    problems,
    source: {
      indexParent: whole ? null : (parents.at(-1)?.id ?? null),
      entries,
      segments,
      ...(leftOut ? { leftOut } : {}),
    },
    items: entries,
  };
}
