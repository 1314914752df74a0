import type { Manifest } from '../../contracts/manifest.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';

/** What hangs together: a full and, in order, everything up to one backup. */
export type Chain<Record extends HasManifest> = readonly Record[];

export interface HasManifest {
  readonly manifest: Pick<Manifest, 'id' | 'kind' | 'parent' | 'base'>;
}

/**
 * The backups needed to restore `id`, its full first. Throws `backup-unknown` when `id` is not among
 * the records and `chain-broken` when a parent is missing or the links make no sense.
 */
export function chainOf<Record extends HasManifest>(
  records: readonly Record[],
  id: string,
): Chain<Record> {
  const byId = new Map(records.map((record) => [record.manifest.id, record]));
  const last = byId.get(id);
  if (!last) throw new HoldfastError('backup-unknown', `no committed backup has the id ${id}`);
  const chain = [last];
  for (let current = last; current.manifest.parent !== undefined;) {
    const parent = byId.get(current.manifest.parent);
    if (!parent)
      throw new HoldfastError(
        'chain-broken',
        `backup ${current.manifest.id} needs ${current.manifest.parent}, which does not exist`,
      );
    if (chain.length > records.length || parent.manifest.base !== last.manifest.base)
      throw new HoldfastError(
        'chain-broken',
        `backup ${current.manifest.id} and its parent ${parent.manifest.id} belong to different chains`,
      );
    chain.unshift(parent);
    current = parent;
  }
  const [base] = chain;
  if (base?.manifest.kind !== 'full' || base.manifest.id !== last.manifest.base)
    throw new HoldfastError(
      'chain-broken',
      `the chain of backup ${id} does not start with its full`,
    );
  return chain;
}

/** The chain that the newest record ends; empty when there is none. Records come oldest first. */
export function newestChain<Record extends HasManifest>(records: readonly Record[]): Chain<Record> {
  const newest = records.at(-1);
  return newest ? chainOf(records, newest.manifest.id) : [];
}

/** The ids of those whose links lead back to their full. Records come oldest first. */
export function wholeChains(records: readonly HasManifest[]): ReadonlySet<string> {
  const baseOf = new Map<string, string>();
  for (const { manifest } of records) {
    const { id, kind, parent, base } = manifest;
    const rooted =
      kind === 'full' ? base === id : parent !== undefined && baseOf.get(parent) === base;
    if (rooted) baseOf.set(id, base);
  }
  return new Set(baseOf.keys());
}
