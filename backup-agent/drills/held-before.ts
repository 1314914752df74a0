import type { SourceKind } from '../../contracts/manifest.ts';
import { readTree } from '../sources/files/index-reader.ts';
import { readObjects } from '../sources/s3/object-index.ts';
import type { BackupReader } from '../sources/source.ts';

/** Which of these paths a backup of attachments holds as files or objects, by its index alone. */
export async function heldPaths(
  kind: SourceKind,
  chain: readonly BackupReader[],
  paths: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const held = new Set<string>();
  const entries = kind === 's3' ? readObjects(chain, signal) : readTree(chain, signal);
  for await (const entry of entries) {
    const path = entry.path.toString('utf8');
    if (entry.type !== 'directory' && entry.type !== 'symlink' && paths.has(path)) held.add(path);
  }
  return held;
}
