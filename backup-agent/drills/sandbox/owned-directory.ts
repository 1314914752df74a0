import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { processStart } from './process-identity.ts';

const marker = z.object({ pid: z.int().positive(), start: z.string() });
const suffix = '.owner';

/**
 * Makes a directory below `root` that only this user may enter, marked with the process that owns it.
 * The mark stands beside it, for what lies in it may have any name; and first, for a kill may come in
 * between.
 */
export async function createOwnedDirectory(root: string, prefix: string): Promise<string> {
  const directory = join(root, `${prefix}${randomBytes(4).toString('hex')}`);
  const owner = { pid: process.pid, start: (await processStart(process.pid)) ?? '' };
  await writeFile(`${directory}${suffix}`, JSON.stringify(owner), { mode: 0o600, flag: 'wx' });
  await mkdir(directory, { mode: 0o700 });
  return directory;
}

/** The mark goes last: what is removed half can be found again. */
export async function removeOwnedDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  await rm(`${directory}${suffix}`, { force: true });
}

/**
 * Directories of that prefix whose owner is gone, killed before it could remove them. None whose
 * owner lives, that has no readable mark, or whose mark is another user's.
 */
export async function abandonedDirectories(root: string, prefix: string): Promise<string[]> {
  const abandoned: string[] = [];
  for (const entry of await readdir(root)) {
    if (!entry.startsWith(prefix) || !entry.endsWith(suffix)) continue;
    const file = join(root, entry);
    if (await isAbandoned(file)) abandoned.push(file.slice(0, -suffix.length));
  }
  return abandoned;
}

async function isAbandoned(file: string): Promise<boolean> {
  try {
    if ((await stat(file)).uid !== process.getuid?.()) return false;
    const owner = marker.parse(JSON.parse(await readFile(file, 'utf8')));
    return (await processStart(owner.pid)) !== owner.start;
  } catch {
    // Another one is making or removing it at this moment.
    return false;
  }
}
