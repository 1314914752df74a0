import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { processStart } from './process-identity.ts';

const prefix = 'holdfast-drill-';
const marker = z.object({ pid: z.int().positive(), start: z.string() });

/** A directory that only this user may enter. Disposing it removes it with everything in it. */
export interface PrivateDirectory extends AsyncDisposable {
  /** An empty directory to restore into. */
  readonly path: string;
}

/** Makes one below `root`, marked with the process that owns it. */
export async function createPrivateDirectory(root: string): Promise<PrivateDirectory> {
  const directory = join(root, `${prefix}${randomUUID()}`);
  const owner = { pid: process.pid, start: (await processStart(process.pid)) ?? '' };
  // Beside it, for what is restored may hold any name; and first, for a kill may come in between.
  await writeFile(`${directory}.owner`, JSON.stringify(owner), { mode: 0o600, flag: 'wx' });
  await mkdir(directory, { mode: 0o700 });
  return { path: directory, [Symbol.asyncDispose]: () => remove(directory) };
}

/** Removes the directories whose owner is gone, killed before it could. Returns which. */
export async function removeAbandonedDirectories(root: string): Promise<string[]> {
  const removed: string[] = [];
  for (const entry of await readdir(root)) {
    if (!entry.startsWith(prefix) || !entry.endsWith('.owner')) continue;
    const directory = join(root, entry.slice(0, -'.owner'.length));
    if (!(await isAbandoned(`${directory}.owner`))) continue;
    await remove(directory);
    removed.push(directory);
  }
  return removed;
}

/** The marker goes last: what is removed half can be found again. */
async function remove(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  await rm(`${directory}.owner`, { force: true });
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
