import { z } from 'zod';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import type { BackupReader } from '../source.ts';
import { leftOutCounts } from './left-out.ts';

/** What a files backup writes into its manifest. */
const filesManifest = z.object({
  /** The backup whose index this one's changes apply to; null with a whole index. */
  indexParent: z.string().nullable(),
  entries: z.int().nonnegative(),
  leftOut: leftOutCounts.optional(),
});
export type FilesManifest = z.infer<typeof filesManifest>;

export function readFilesManifest(reader: BackupReader): FilesManifest {
  const parsed = filesManifest.safeParse(reader.source);
  if (parsed.success) return parsed.data;
  throw new HoldfastError(
    'document-malformed',
    `the manifest of backup ${reader.id} does not describe a backup of files`,
    { cause: parsed.error },
  );
}

/**
 * The backups whose indexes make up the tree of the chain's last backup, newest first: from it, by
 * its index's parents, to the first whole index.
 */
export function indexLineage(chain: readonly BackupReader[]): BackupReader[] {
  const lineage: BackupReader[] = [];
  let next = chain.at(-1);
  while (next) {
    lineage.push(next);
    const { indexParent } = readFilesManifest(next);
    if (indexParent === null) return lineage;
    const child = next;
    next = chain.find(({ id }) => id === indexParent);
    if (!next || lineage.includes(next))
      throw new HoldfastError(
        'chain-broken',
        `backup ${child.id} builds on ${indexParent}, which is not before it in its chain`,
      );
  }
  throw new HoldfastError('chain-broken', 'there is no backup to read');
}

/** Entries of the chain's last backup; 0 without one. */
export function entriesOf(chain: readonly BackupReader[]): number {
  const last = chain.at(-1);
  return last ? readFilesManifest(last).entries : 0;
}

/**
 * What is wrong with a source that has nothing any more, unless the last backup of the chain had
 * nothing either.
 */
export function emptiedSince(where: string, chain: readonly BackupReader[]): string | undefined {
  const before = entriesOf(chain);
  const last = chain.at(-1);
  return before > 0
    ? `${where} is empty, but held ${before} entries in backup ${last?.id}`
    : undefined;
}
