import type { BackupReader } from '../../source.ts';
import { followStateName, parseFollowState, type FollowState } from './follow-state.ts';

/** The follow state that a PostgreSQL backup carries. */
export async function readFollowState(
  backup: BackupReader,
  signal: AbortSignal,
): Promise<FollowState> {
  const parts: Uint8Array[] = [];
  for await (const chunk of await backup.readMeta(followStateName, signal)) parts.push(chunk);
  return parseFollowState(Buffer.concat(parts).toString('utf8'));
}
