import type { MaskingProfile } from '../../../../contracts/masking.ts';
import type { Problem } from '../../../errors/holdfast-error.ts';
import type { MaskingKey } from '../../../privacy/masking-key.ts';
import type { BackupReader, SourceContext } from '../../source.ts';
import type { InexactTable } from '../changes/replay-progress.ts';
import type { ReplayResult } from '../changes/replay.ts';
import type { ReplayTarget } from '../changes/replay-target.ts';
import type { ConnectionTarget } from '../connection-target.ts';
import type { Inventory } from '../inventory.ts';
import type { ActiveKind, Neutralised } from './neutralise.ts';
import type { MaskingReport } from './restore-mask.ts';
import type { RoleMapping } from './role-names.ts';

export interface RestoreOptions extends SourceContext {
  /** A full and what hangs on it, in order. */
  readonly chain: readonly BackupReader[];
  /** An empty database, or the name of one to create. */
  readonly target: ConnectionTarget;
  /** Up to where; the end by default. */
  readonly moment?: ReplayTarget;
  /** Only these tables (`schema.table`, with wildcards), into a database that may hold others. */
  readonly tables?: readonly string[];
  /** Parallel sessions; 2 by default. */
  readonly lanes?: number;
  /** Leave everything to the restoring role. */
  readonly noOwner?: boolean;
  /** Leave grants out. */
  readonly noPrivileges?: boolean;
  readonly roleMapping?: RoleMapping;
  /** What to do about roles that the target lacks; `require` (the default) refuses. */
  readonly roles?: 'require' | 'create';
  /** Extensions to do without, where the target lacks them. */
  readonly skipExtensions?: readonly string[];
  /** What may act by itself in the restored database; nothing by default. */
  readonly activate?: readonly ActiveKind[];
  /** Masks rows and changes on their way, so that the target never sees what was masked. */
  readonly mask?: { readonly profile: MaskingProfile; readonly key: MaskingKey };
  /**
   * Changes rows once they are all there, before materialized views are filled from them. Called again
   * when a restore that was killed in between goes on, so it must stand being repeated.
   */
  readonly amend?: (restored: Pick<RestoreResult, 'point' | 'masking'>) => Promise<void>;
}

export interface RestoredTable {
  readonly schema: string;
  readonly name: string;
}

export interface RestoreResult {
  readonly inventory: Inventory;
  /** The exact moment that the database now shows. */
  readonly point: { readonly time: string; readonly lsn?: string };
  readonly tables: readonly RestoredTable[];
  readonly bytes: number;
  readonly neutralised: readonly Neutralised[];
  /** What is missing or was left out, and why. */
  readonly problems: readonly Problem[];
  /** Of the database itself: what it was not given, or has otherwise because it was there already. */
  readonly notApplied: readonly Problem[];
  /** Tables that are not what they were at that moment, and why. */
  readonly inexact: readonly InexactTable[];
  readonly skippedExtensions: readonly string[];
  /** What the target had already and keeps: only when tables are restored into it. */
  readonly kept: readonly string[];
  /** Whether it went on where a restore that was killed had stopped. */
  readonly resumed: boolean;
  /** Absent when nothing had to be replayed. */
  readonly replay?: ReplayResult;
  readonly masking?: MaskingReport;
}
