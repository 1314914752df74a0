import { join } from 'node:path';
import {
  findServerBinaries,
  type ServerBinaries,
} from '../../backup-agent/tools/postgres-binaries.ts';

/** A folder with the programs of a PostgreSQL server to test with, instead of the newest installed. */
const folder = process.env['HOLDFAST_TEST_POSTGRES'];

/** Whether there is such a folder. */
export const isServerChosen = folder !== undefined;

export async function serverUnderTest(): Promise<ServerBinaries> {
  return await findServerBinaries({ folder, searchPath: process.env['PATH'] });
}

/** Its `initdb` or `postgres`, to be run by name where none is chosen. */
export function serverProgram(name: 'initdb' | 'postgres'): string {
  return folder === undefined ? name : join(folder, name);
}
