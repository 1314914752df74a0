import type { BigIntStats, Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { reservedSegment } from '../key.ts';
import { pooledCalls, type FileCalls } from './file-calls.ts';
import { isAbsence } from './file-errors.ts';

export interface FoundFile {
  readonly key: string;
  readonly stats: BigIntStats;
}

interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
  readonly sortKey: Buffer;
}

/** How many files' facts are asked for at once. */
const statsAtOnce = 32;

/**
 * Every file under `root` whose key starts with `prefix`, by the keys' UTF-8 bytes. Holds the names
 * of the folders on the current path only. Skips links, what is neither file nor folder, names that
 * are not UTF-8, and what vanishes meanwhile.
 */
export async function* walkFiles(
  root: string,
  prefix: string,
  calls: FileCalls,
): AsyncGenerator<FoundFile> {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  yield* walkFolder(root, folder, prefix.slice(folder.length), calls);
}

/** `folder` is empty or ends in a slash. */
async function* walkFolder(
  root: string,
  folder: string,
  namePrefix: string,
  calls: FileCalls,
): AsyncGenerator<FoundFile> {
  const entries = (await readEntries(join(root, folder))).filter(
    ({ name }) => name.startsWith(namePrefix) && !(folder === '' && name === reservedSegment),
  );
  for (const group of grouped(entries)) {
    const [first] = group;
    if (first?.isFolder === true) yield* walkFolder(root, `${folder}${first.name}/`, '', calls);
    else yield* statFiles(root, folder, group, calls);
  }
}

async function readEntries(path: string): Promise<Entry[]> {
  try {
    const dirents = await readdir(path, { withFileTypes: true, encoding: 'buffer' });
    return dirents
      .flatMap((dirent) => toEntry(dirent))
      .sort((left, right) => Buffer.compare(left.sortKey, right.sortKey));
  } catch (error) {
    if (isAbsence(error)) return [];
    throw error;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function toEntry(dirent: Dirent<Buffer>): Entry[] {
  const isFolder = dirent.isDirectory();
  if (!isFolder && !dirent.isFile()) return [];
  try {
    const name = utf8.decode(dirent.name);
    // A folder sorts with its slash, as the keys in it do: "a.b" comes before "a/b".
    return [{ name, isFolder, sortKey: isFolder ? Buffer.from(`${name}/`) : dirent.name }];
  } catch {
    return [];
  }
}

/** Neighbouring files together, each folder alone. */
function* grouped(entries: readonly Entry[]): Generator<Entry[]> {
  let files: Entry[] = [];
  for (const entry of entries) {
    if (files.length > 0 && (entry.isFolder || files.length === statsAtOnce)) {
      yield files;
      files = [];
    }
    if (entry.isFolder) yield [entry];
    else files.push(entry);
  }
  if (files.length > 0) yield files;
}

async function* statFiles(
  root: string,
  folder: string,
  entries: readonly Entry[],
  calls: FileCalls,
): AsyncGenerator<FoundFile> {
  const found = await Promise.all(
    entries.map(async ({ name }) => {
      const key = folder + name;
      return { key, stats: await fileStats(join(root, key), calls) };
    }),
  );
  for (const { key, stats } of found) if (stats !== undefined) yield { key, stats };
}

/** The facts of a regular file; undefined for everything else. */
export async function fileStats(
  path: string,
  calls: FileCalls = pooledCalls,
): Promise<BigIntStats | undefined> {
  try {
    const stats = await calls.lstat(path);
    return stats.isFile() ? stats : undefined;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}
