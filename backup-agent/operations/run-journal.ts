import { open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { makeFolders } from '../make-folders.ts';
import { stateUnusable } from '../repository/state-directory.ts';
import type { RunKind } from './run-job.ts';

const entries = z.record(z.string(), z.iso.datetime());

export interface JournalKey {
  readonly job: string;
  readonly kind: RunKind;
}

/** Remembers on this host when each task last started and succeeded: some runs leave no other trace. */
export interface RunJournal {
  get(key: JournalKey): Date | undefined;
  set(key: JournalKey, startedAt: Date): Promise<void>;
}

/**
 * Reads the journal below `stateDirectory`. A file that is missing or torn counts as empty: the
 * repositories know of every backup, and anything else may well run once more.
 */
export async function openRunJournal(stateDirectory: string): Promise<RunJournal> {
  const file = join(stateDirectory, 'runs.json');
  let known = await readEntries(file);
  let written: Promise<void> = Promise.resolve();
  return {
    get: ({ job, kind }) => {
      const at = known[`${job}/${kind}`];
      return at === undefined ? undefined : new Date(at);
    },
    set: ({ job, kind }, startedAt) => {
      const write = async () => {
        // A run that a person started beside the daemon writes here too.
        const there = await readEntries(file);
        known = { ...known, ...there, [`${job}/${kind}`]: startedAt.toISOString() };
        await writeDurably(file, JSON.stringify(known, null, 2));
      };
      written = written.catch(() => undefined).then(write);
      return written;
    },
  };
}

async function readEntries(file: string): Promise<Record<string, string>> {
  try {
    return entries.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    const torn = error instanceof SyntaxError || error instanceof z.ZodError;
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (torn || missing) return {};
    throw stateUnusable(dirname(file), error);
  }
}

async function writeDurably(file: string, content: string): Promise<void> {
  await makeFolders(dirname(file));
  const temporary = `${file}.${process.pid}`;
  {
    await using handle = await open(temporary, 'w', 0o600);
    await handle.writeFile(`${content}\n`);
    await handle.sync();
  }
  await rename(temporary, file);
}
