import { errorCode } from '../system-errors.ts';
import { hasNoAttributes, loadSystemCalls } from './system-calls.ts';

/** Why a tree's extended attributes and ACLs are not in its backups; undefined when they are. */
export async function attributesLeftOut(
  root: string | Buffer,
  wanted: boolean,
): Promise<string | undefined> {
  if (!wanted) return 'extendedAttributes is false';
  const system = await loadSystemCalls();
  if (!system) return 'on this platform they cannot be read';
  try {
    system.listAttributes(Buffer.from(root));
    return undefined;
  } catch (error) {
    if (hasNoAttributes(error)) return 'the file system has none';
    return `they cannot be listed: ${errorCode(error)}`;
  }
}
