import { open, readdir, readFile, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { sha256 } from '../../contracts/names.ts';
import { HoldfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import { makeFolders } from '../make-folders.ts';
import type { CommitRecord } from './commit-log.ts';
import type { Repository } from './repository.ts';
import { parseJson } from './small-objects.ts';
import { assertStateUsable, stateUnusable } from './state-directory.ts';

const seen = z.strictObject({
  sequence: z.int().positive(),
  digest: sha256,
  /** What the repository was called, and where it was; absent in files of earlier releases. */
  name: z.string().optional(),
  location: z.string().optional(),
});

/** Where a repository is expected, and of which job, where that is known. */
export interface ExpectedPlace {
  readonly name: string;
  readonly location: string;
  readonly job?: string | undefined;
}

/** Remembers on this host how far each log was, so that a log that lost its end is noticed. */
export interface SeenCommits {
  /** Throws `commit-log-broken` when the log is shorter than, or differs from, what was seen before. */
  assertNotRolledBack(
    repository: Repository,
    job: string,
    log: readonly CommitRecord[],
  ): Promise<void>;
  remember(repository: Repository, job: string, log: readonly CommitRecord[]): Promise<void>;
  /**
   * Throws `repository-not-found` when this host has seen a repository in a place, or one of this name
   * with the job: its disk may not be mounted, and a new one must not begin in silence.
   */
  assertNeverSeen(place: ExpectedPlace): Promise<void>;
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
      const value: z.infer<typeof seen> = {
        sequence: newest.commit.sequence,
        digest: newest.digest,
        name: repository.name,
        location: repository.storage.location,
      };
      const file = fileOf(repository, job);
      await attempt(() => writeDurably(file, `${JSON.stringify(value)}\n`));
    },
    async assertNeverSeen(place) {
      const found = await attempt(() => findSeen(join(directory, 'seen'), place));
      if (!found) return;
      const { folder, job, location } = found;
      throw new HoldfastError(
        'repository-not-found',
        `there is no repository at ${place.location} (${place.name}), but this host has seen commits of job ${job} in it${location === place.location ? '' : `, at ${location}`}`,
        {
          hint: `if its disk or share is not mounted, mount it; else correct the location. To begin a new repository there, move ${folder} out of the state directory first`,
        },
      );
    },
    async assertUsable() {
      if (trouble) throw trouble;
      await assertStateUsable(directory);
    },
  };
}

/** A torn file tells nothing here; whoever reads its log is told. */
function parseSeen(text: string): z.infer<typeof seen> | undefined {
  try {
    return seen.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The memory of a repository that was where one is expected now. */
async function findSeen(
  directory: string,
  { name, location, job }: ExpectedPlace,
): Promise<{ folder: string; job: string; location: string } | undefined> {
  for (const file of await namesIn(directory)) {
    if (!file.endsWith('.json')) continue;
    const known = parseSeen(await readFile(join(directory, file), 'utf8'));
    if (known?.location === undefined) continue;
    const ofJob = basename(file, '.json');
    if (known.location === location || (known.name === name && ofJob === job))
      return { folder: join(directory, dirname(file)), job: ofJob, location: known.location };
  }
  return undefined;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder, { recursive: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

async function readIfThere(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if (isMissing(error)) return undefined;
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
