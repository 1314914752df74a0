import { open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { sha256 } from '../../contracts/names.ts';
import { HoldfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import { makeFolders } from '../make-folders.ts';
import type { CommitRecord } from './commit-log.ts';
import type { Repository } from './repository.ts';
import { parseJson } from './small-objects.ts';
import { assertStateUsable, stateUnusable } from './state-directory.ts';

const seen = z.strictObject({ sequence: z.int().positive(), digest: sha256 });

/** Remembers on this host how far each log was, so that a log that lost its end is noticed. */
export interface SeenCommits {
  /** Throws `commit-log-broken` when the log is shorter than, or differs from, what was seen before. */
  assertNotRolledBack(
    repository: Repository,
    job: string,
    log: readonly CommitRecord[],
  ): Promise<void>;
  remember(repository: Repository, job: string, log: readonly CommitRecord[]): Promise<void>;
  /** Throws `state-unusable` when this host cannot remember. For whoever is about to write. */
  assertUsable(): Promise<void>;
}

/**
 * Files below `directory`, one a repository and job.
 *
 * @param unable - told, once, of a directory that cannot be used, and the caller goes on; without it
 *   that is thrown, `state-unusable`
 */
export function createSeenCommits(
  directory: string,
  unable?: (error: HoldfastError) => void,
): SeenCommits {
  let trouble: HoldfastError | undefined;
  const attempt = async <Result>(act: () => Promise<Result>): Promise<Result | undefined> => {
    try {
      return await act();
    } catch (cause) {
      const error = stateUnusable(directory, cause);
      if (!isHoldfastError(error, 'state-unusable') || !unable) throw error;
      if (!trouble) unable(error);
      trouble = error;
      return undefined;
    }
  };
  const fileOf = (repository: Repository, job: string) =>
    join(directory, 'seen', repository.id, `${job}.json`);
  return {
    async assertNotRolledBack(repository, job, log) {
      const file = fileOf(repository, job);
      const bytes = await attempt(() => readIfThere(file));
      if (!bytes) return;
      const { sequence, digest } = parseJson(seen, bytes, file);
      if (log[sequence - 1]?.digest === digest) return;
      throw new HoldfastError(
        'commit-log-broken',
        log.length < sequence
          ? `${repository.name}: log of job ${job} ends with commit ${log.length}; this host has seen commit ${sequence}`
          : `${repository.name}: log of job ${job}: commit ${sequence} is not the one this host has seen`,
        {
          hint: `commits were removed or replaced: compare with the other copies; if the loss is explained, delete ${file}`,
        },
      );
    },
    async remember(repository, job, log) {
      const newest = log.at(-1);
      if (!newest) return;
      const value = { sequence: newest.commit.sequence, digest: newest.digest };
      const file = fileOf(repository, job);
      await attempt(() => writeDurably(file, `${JSON.stringify(value)}\n`));
    },
    async assertUsable() {
      if (trouble) throw trouble;
      await assertStateUsable(directory);
    },
  };
}

async function readIfThere(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function writeDurably(file: string, content: string): Promise<void> {
  await makeFolders(dirname(file));
  const temporary = `${file}.${process.pid}`;
  {
    await using handle = await open(temporary, 'w', 0o600);
    await handle.writeFile(content);
    await handle.sync();
  }
  await rename(temporary, file);
}
