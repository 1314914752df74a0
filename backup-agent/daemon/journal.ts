import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { taskKey, type Task } from './task.ts';

const entries = z.record(z.string(), z.iso.datetime());

/** Remembers on this host when each task last started and succeeded: some runs leave no other trace. */
export interface Journal {
  get(task: Task): Date | undefined;
  set(task: Task, startedAt: Date): Promise<void>;
}

/**
 * Reads the journal below `stateDirectory`. A file that is missing or torn counts as empty: the
 * repositories know of every backup, and anything else may well run once more.
 */
export async function openJournal(stateDirectory: string): Promise<Journal> {
  const file = join(stateDirectory, 'runs.json');
  const known = new Map(Object.entries(await readEntries(file)));
  let written: Promise<void> = Promise.resolve();
  return {
    get: (task) => {
      const at = known.get(taskKey(task));
      return at === undefined ? undefined : new Date(at);
    },
    set: (task, startedAt) => {
      known.set(taskKey(task), startedAt.toISOString());
      const content = JSON.stringify(Object.fromEntries(known), null, 2);
      written = written.catch(() => undefined).then(() => writeDurably(file, content));
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
    throw error;
  }
}

async function writeDurably(file: string, content: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}`;
  {
    await using handle = await open(temporary, 'w', 0o600);
    await handle.writeFile(`${content}\n`);
    await handle.sync();
  }
  await rename(temporary, file);
}
