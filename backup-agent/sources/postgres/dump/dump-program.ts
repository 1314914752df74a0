import { isHoldfastError } from '../../../errors/holdfast-error.ts';
import { findClientTool, type BinarySearch } from '../../../tools/postgres-binaries.ts';
import { bundledMajorVersion } from './bundled-dump.ts';

export interface DumpProgram {
  /** Undefined for the bundled one. */
  readonly path: string | undefined;
  readonly majorVersion: number;
}

/**
 * The pg_dump to use with a server: an installed one at least as new, the oldest that fits; without
 * one the bundled, unless a folder is configured. Throws `tool-missing` for a server that is newer
 * than all of them.
 */
export async function findDumpProgram(
  search: BinarySearch,
  serverMajorVersion: number,
): Promise<DumpProgram> {
  try {
    return await findClientTool('pg_dump', search, serverMajorVersion);
  } catch (error) {
    const fits = search.folder === undefined && serverMajorVersion <= bundledMajorVersion;
    if (!fits || !isHoldfastError(error, 'tool-missing')) throw error;
    return { path: undefined, majorVersion: bundledMajorVersion };
  }
}
