import { readTree } from '../sources/files/index-reader.ts';
import type { BackupReader } from '../sources/source.ts';

/** Which of these paths a backup of files holds as files, by its index alone. */
export async function heldPaths(
  chain: readonly BackupReader[],
  paths: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const held = new Set<string>();
  for await (const entry of readTree(chain, signal)) {
    const path = entry.path.toString('utf8');
    if (entry.type === 'file' && paths.has(path)) held.add(path);
  }
  return held;
}
