import { hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { HoldfastError } from '../../../errors/holdfast-error.ts';
import { makeFolders } from '../../../make-folders.ts';
import { joinPath } from '../entry.ts';
import { errorCode, isGone } from '../system-errors.ts';
import { intoPolicies, type IntoPolicy } from './placement.ts';

export interface TargetOptions {
  readonly directory: string;
  readonly backup: string;
  readonly path: Buffer | undefined;
  readonly into: IntoPolicy | undefined;
  readonly dryRun: boolean;
  readonly foldCase: boolean | undefined;
}

/** Where a restore goes, and its own folder in there, on the same file system. */
export interface Target {
  readonly root: Buffer;
  /** Name of the folder that holds what is not finished; it goes when the restore is complete. */
  readonly workName: Buffer;
  readonly into: IntoPolicy | undefined;
  readonly resuming: boolean;
  readonly foldCase: boolean;
  /** A new name in the restore's folder. */
  stagedPath(): Buffer;
  /** A name in there that is the same in each run; what is written under it stays when a run is interrupted. */
  partsPath(path: Buffer): Buffer;
  close(): Promise<void>;
}

/** Begins the names of files that are put together from several segments. */
const partsPrefix = 'parts-';

const workState = z.strictObject({
  backup: z.string(),
  path: z.string(),
  into: z.enum(intoPolicies).nullable(),
});

/** Throws `target-not-empty`, see `restoreFiles`. */
export async function openTarget(options: TargetOptions): Promise<Target> {
  const { into, dryRun } = options;
  const directory = resolve(options.directory);
  const workName = `.holdfast-restore-${options.backup}`;
  const work = join(directory, workName);
  const state = {
    backup: options.backup,
    path: options.path?.toString('hex') ?? '',
    into: into ?? null,
  };
  const names = await namesIn(directory);
  const resuming = names.includes(workName) && (await isSameRestore(work, state));
  if (names.length > 0 && !resuming && !into)
    throw new HoldfastError('target-not-empty', `${directory} is not empty`);
  if (!dryRun) {
    await makeFolders(work);
    await removeStaged(work, resuming);
    await writeFile(join(work, 'state.json'), JSON.stringify(state));
  }
  const foldCase = options.foldCase ?? (!dryRun && existsSync(join(work, 'STATE.JSON')));
  const workPath = Buffer.from(work);
  let staged = 0;
  return {
    root: Buffer.from(directory),
    workName: Buffer.from(workName),
    into,
    resuming,
    foldCase,
    stagedPath: () => joinPath(workPath, Buffer.from(`f${staged++}`)),
    partsPath: (path) => joinPath(workPath, Buffer.from(`${partsPrefix}${hash('sha256', path)}`)),
    close: () => rm(work, { recursive: true, force: true }),
  };
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errorCode(error) === 'ENOTDIR')
      throw new HoldfastError('target-failed', `${directory} is not a directory`, {
        hint: 'name a directory, or a name that nothing has yet',
      });
    if (isGone(error)) return [];
    throw error;
  }
}

async function isSameRestore(work: string, state: z.infer<typeof workState>): Promise<boolean> {
  try {
    const text = await readFile(join(work, 'state.json'), 'utf8');
    const found = workState.parse(JSON.parse(text));
    return JSON.stringify(found) === JSON.stringify(state);
  } catch {
    return false;
  }
}

async function removeStaged(work: string, keepParts: boolean): Promise<void> {
  for (const name of await readdir(work))
    if (!keepParts || !name.startsWith(partsPrefix))
      await rm(join(work, name), { recursive: true });
}
