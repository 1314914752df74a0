import type { Problem } from '../../../errors/holdfast-error.ts';

/** What a restore of files did, or with a dry run would do. */
export interface RestoreReport {
  /** Entries written: files, directories, links. */
  restored: number;
  /** Bytes of content written. */
  bytes: number;
  /** Entries left as the target had them, by the policy. */
  skipped: number;
  /** Entries that an earlier run of the same restore had finished. */
  resumed: number;
  /** Entries not restored, and why. With any, the restore is partial. */
  readonly refused: Problem[];
  /** What the target could not take, without harm to content. */
  readonly notes: string[];
}

export function emptyReport(): RestoreReport {
  return { restored: 0, bytes: 0, skipped: 0, resumed: 0, refused: [], notes: [] };
}
