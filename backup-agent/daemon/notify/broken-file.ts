import { readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { severities } from '../../../contracts/notifications.ts';
import { makeFolders } from '../../make-folders.ts';
import type { Broken } from './notifier.ts';

const entries = z.record(
  z.string(),
  z.object({
    severity: z.enum(severities),
    job: z.string().optional(),
    text: z.string(),
    toldAt: z.iso.datetime(),
  }),
);

/** What was told as broken. A file that is missing or torn counts as empty: it is told once more. */
export async function readBroken(file: string): Promise<ReadonlyMap<string, Broken>> {
  try {
    return new Map(Object.entries(entries.parse(JSON.parse(await readFile(file, 'utf8')))));
  } catch (error) {
    const torn = error instanceof SyntaxError || error instanceof z.ZodError;
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (torn || missing) return new Map();
    throw error;
  }
}

export async function writeBroken(
  file: string,
  broken: ReadonlyMap<string, Broken>,
): Promise<void> {
  await makeFolders(dirname(file));
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, JSON.stringify(Object.fromEntries(broken)), { mode: 0o600 });
  await rename(temporary, file);
}
