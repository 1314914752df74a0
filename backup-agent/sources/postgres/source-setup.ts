import type { BinarySearch } from '../../tools/postgres-binaries.ts';
import type { ConnectionTarget, Variables } from './connection-target.ts';
import { matchesTable } from './table-pattern.ts';
import { publicationNames, type PublicationNames } from './changes/publications.ts';

/** What every part of the PostgreSQL source works with. */
export interface SourceSetup {
  readonly target: ConnectionTarget;
  readonly job: string;
  readonly binaries: BinarySearch;
  readonly variables: Variables;
  readonly excludeTables: readonly string[];
  readonly excludeData: readonly string[];
  readonly lanes: number;
  readonly slot: { readonly warnBytes: number; readonly dropBytes: number };
}

/** Whether the configuration leaves out a table's rows. */
export function leavesOut(
  setup: Pick<SourceSetup, 'excludeTables' | 'excludeData'>,
  table: { readonly schema: string; readonly name: string },
): boolean {
  return matchesTable(setup.excludeTables, table) || matchesTable(setup.excludeData, table);
}

/** A job's name in the server's world, where only `[a-z0-9_]` is safe in a slot's name. */
export function jobPrefix(job: string): string {
  return `holdfast_${job.replaceAll('-', '_')}`.slice(0, 48);
}

export function jobPublications(job: string): PublicationNames {
  return publicationNames(jobPrefix(job));
}

/**
 * Every full makes a slot of its own, so that the former chain can go on until the new full is
 * committed: the job's prefix and eight hexadecimal digits.
 */
export function newSlotName(job: string, now: Date): string {
  const tenths = Math.floor(now.getTime() / 100) % 2 ** 32;
  return `${jobPrefix(job)}_${tenths.toString(16).padStart(8, '0')}`;
}

export function isSlotOf(job: string, slot: string): boolean {
  const prefix = `${jobPrefix(job)}_`;
  return slot.startsWith(prefix) && /^[0-9a-f]{8}$/.test(slot.slice(prefix.length));
}
