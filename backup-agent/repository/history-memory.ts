import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { commit } from '../../contracts/commit.ts';
import { manifest, type Manifest } from '../../contracts/manifest.ts';
import { sha256 } from '../../contracts/names.ts';
import { isHoldfastError } from '../errors/holdfast-error.ts';
import { makeFolders } from '../make-folders.ts';
import { sha256Hex } from '../stream/digest.ts';
import { rememberedCommitKey, type RecalledCommit } from './recalled-log.ts';
import type { Repository } from './repository.ts';
import { stateUnusable } from './state-directory.ts';

/**
 * Documents that this host has read and checked before, so that a listing of ten thousand backups
 * need not fetch twenty thousand objects. Only for showing: whatever acts upon a backup reads anew.
 */
export interface HistoryMemory {
  /** By `rememberedCommitKey`. */
  readonly commits: ReadonlyMap<string, RecalledCommit>;
  /** By digest, as the log names them. */
  readonly manifests: ReadonlyMap<string, Manifest>;
  /** Adds what was read now and was not known. */
  add(commits: readonly RecalledCommit[], manifests: ReadonlyMap<string, Manifest>): Promise<void>;
}

const header = z.strictObject({ format: z.literal('holdfast-history/1'), trust: sha256 });
const line = z.union([
  z.strictObject({ commit, digest: sha256, etag: z.string() }),
  z.strictObject({ manifest, digest: sha256 }),
]);

/** What is remembered counts only as long as the same keys are trusted. */
function headerOf({ trust }: Repository): string {
  const value: z.infer<typeof header> = {
    format: 'holdfast-history/1',
    trust: sha256Hex(JSON.stringify(trust)),
  };
  return JSON.stringify(value);
}

/** Opens a file below `directory`; one that is missing, foreign or torn is as good as empty. */
export async function openHistoryMemory(
  directory: string,
  repository: Repository,
  job: string,
): Promise<HistoryMemory> {
  const file = join(directory, 'history', repository.id, `${job}.jsonl`);
  const [first, ...lines] = (await readFile(file, 'utf8').catch(() => '')).split('\n');
  const head = headerOf(repository);
  const usable = first === head;
  const commits = new Map<string, RecalledCommit>();
  const manifests = new Map<string, Manifest>();
  for (const text of usable ? lines : []) {
    const value = parseLine(text);
    if (!value) continue;
    if ('manifest' in value) manifests.set(value.digest, value.manifest);
    else commits.set(rememberedCommitKey(value.commit.sequence, value.etag), value);
  }
  return {
    commits,
    manifests,
    async add(readCommits, readManifests) {
      const added = [
        ...readCommits
          .filter(({ commit, etag }) => !commits.has(rememberedCommitKey(commit.sequence, etag)))
          .map(({ commit, digest, etag }) => ({ commit, digest, etag })),
        ...[...readManifests]
          .filter(([digest]) => !manifests.has(digest))
          .map(([digest, manifest]) => ({ manifest, digest })),
      ];
      if (added.length === 0) return;
      // A line feed first: what a killed run tore off must not swallow what follows.
      const text = `\n${added.map((entry) => JSON.stringify(entry)).join('\n')}\n`;
      try {
        await makeFolders(dirname(file));
        if (usable) await appendFile(file, text);
        else await writeFile(file, `${head}${text}`, { mode: 0o600 });
      } catch (error) {
        // It only saves time; whoever must not do without the state directory tells of it.
        if (!isHoldfastError(stateUnusable(directory, error))) throw error;
      }
    },
  };
}

function parseLine(text: string): z.infer<typeof line> | undefined {
  if (text === '') return undefined;
  try {
    return line.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
