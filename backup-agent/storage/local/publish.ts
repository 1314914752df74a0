import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { link, lstat, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import { invalidKey } from '../key.ts';
import type { PutOptions } from '../storage.ts';
import { isAbsence, isSystemError } from './file-errors.ts';
import { ensureFolder, syncNearestFolder } from './folders.ts';
import { unfinishedFolder, unlinkIfThere } from './unfinished.ts';
import { fileStats } from './walk.ts';

/** Changes with every put: each writes a new file. Not the ctime, which linking changes. */
export function etagOf(stats: BigIntStats): string {
  return `${stats.ino.toString(16)}-${stats.mtimeNs.toString(16)}-${stats.size.toString(16)}`;
}

/** Gives finished content its key, as the conditions of the put demand, and makes that durable. */
export async function publish(
  root: string,
  key: string,
  unfinished: string,
  options: PutOptions,
  claimLifetimeMs: number,
): Promise<void> {
  const target = join(root, key);
  await inFolderOf(root, target, async () => {
    if (options.ifMatch !== undefined) {
      if (!(await publishIfMatch(root, unfinished, target, options.ifMatch, claimLifetimeMs)))
        throw new HoldfastError(
          'storage-changed',
          `object ${JSON.stringify(key)} in ${root} changed or is gone`,
        );
    } else if (options.ifAbsent === true) {
      if (!(await publishIfAbsent(unfinished, target))) throw await alreadyThere(root, key);
    } else await rename(unfinished, target);
  });
  await syncNearestFolder(root, dirname(target));
}

/** A removal may take an empty folder away between its creation and its use. */
async function inFolderOf(
  root: string,
  target: string,
  use: () => Promise<void>,
  attemptsLeft = 20,
): Promise<void> {
  try {
    await ensureFolder(root, dirname(target));
    await use();
  } catch (error) {
    if (!isSystemError(error, 'ENOENT') || attemptsLeft === 0) throw error;
    await inFolderOf(root, target, use, attemptsLeft - 1);
  }
}

async function alreadyThere(root: string, key: string): Promise<HoldfastError> {
  const stats = await lstat(join(root, key)).catch(() => undefined);
  return stats?.isDirectory() === true
    ? invalidKey(key, 'is the folder of other objects')
    : new HoldfastError(
        'storage-object-exists',
        `object ${JSON.stringify(key)} already exists in ${root}`,
      );
}

/** Gives a finished file its name unless the name is taken: link(2) does both in one step. */
async function publishIfAbsent(unfinished: string, target: string): Promise<boolean> {
  try {
    await link(unfinished, target);
    return true;
  } catch (error) {
    if (!isSystemError(error, 'EEXIST')) throw error;
    // Over NFS the answer may get lost and the repeated call find its own work.
    return isSameFile(unfinished, target);
  }
}

/**
 * Replaces the target if it still has the expected etag. As each etag occurs once, the writer that
 * claims "whatever follows this etag" is alone; its claim is a link to the new content, so that one
 * rename both uses the claim up and replaces the target.
 */
async function publishIfMatch(
  root: string,
  unfinished: string,
  target: string,
  etag: string,
  claimLifetimeMs: number,
): Promise<boolean> {
  const claim = join(unfinishedFolder(root), `${claimName(target, etag)}.claim`);
  if (!(await takeClaim(claim, unfinished, claimLifetimeMs))) return false;
  const current = await fileStats(target);
  if (current === undefined || etagOf(current) !== etag) {
    await unlinkIfThere(claim);
    return false;
  }
  const own = await lstat(unfinished, { bigint: true });
  try {
    await rename(claim, target);
  } catch (error) {
    if (!isAbsence(error)) throw error;
  }
  // Whoever was paused until the claim expired may have lost it, or moved another writer's.
  return (await fileStats(target))?.ino === own.ino;
}

function claimName(target: string, etag: string): string {
  return createHash('sha256').update(`${target}\0${etag}`).digest('hex');
}

async function takeClaim(claim: string, unfinished: string, lifetimeMs: number): Promise<boolean> {
  if (await tryLink(unfinished, claim)) return true;
  const [held, own] = await Promise.all([fileStats(claim), lstat(unfinished, { bigint: true })]);
  const heldMs = held === undefined ? 0 : Number((own.mtimeNs - held.ctimeNs) / 1_000_000n);
  // Both times are the file system's own, so that no clock of another machine matters.
  if (heldMs < lifetimeMs) return false;
  await unlinkIfThere(claim);
  return tryLink(unfinished, claim);
}

async function tryLink(existing: string, path: string): Promise<boolean> {
  try {
    await link(existing, path);
    return true;
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false;
    throw error;
  }
}

async function isSameFile(left: string, right: string): Promise<boolean> {
  const [one, other] = await Promise.all([fileStats(left), fileStats(right)]);
  return one !== undefined && other !== undefined && one.dev === other.dev && one.ino === other.ino;
}
