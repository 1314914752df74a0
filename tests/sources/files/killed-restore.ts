import { createFilesSource } from '../../../backup-agent/sources/files/source.ts';
import { restoreFiles } from '../../../backup-agent/sources/files/restore/restore-files.ts';
import type { BackupReader } from '../../../backup-agent/sources/source.ts';
import { silentProgress, takeBackups } from '../../support/in-memory-backup.ts';

export const killedSegmentBytes = 400_000;

/** The same backup each time, so that a second process can go on where the first was killed. */
export async function backUp(source: string): Promise<BackupReader> {
  const files = createFilesSource({
    path: source,
    segmentBytes: killedSegmentBytes,
    smallestPartBytes: killedSegmentBytes,
    randomBytes: (count) => Buffer.alloc(count, 1),
  });
  const [full] = await takeBackups(files, 'full');
  if (!full) throw new Error('no backup was taken');
  return full.reader;
}

/** Counts what is read of segments. */
export function counting(reader: BackupReader, count: (bytes: number) => void): BackupReader {
  return {
    ...reader,
    readObject: async (name, signal) => {
      const bytes = await reader.readObject(name, signal);
      return (async function* () {
        for await (const chunk of bytes) {
          count(chunk.length);
          yield chunk;
        }
      })();
    },
  };
}

/** Run as a program: restores, and kills itself after so many bytes were restored, or with `reads` read. */
if (import.meta.main) {
  const [source = '', target = '', bytes = '0', unit] = process.argv.slice(2);
  let left = Number(bytes);
  const pass = (count: number) => {
    left -= count;
    if (left < 0) process.kill(process.pid, 'SIGKILL');
  };
  const reader = await backUp(source);
  await restoreFiles({
    chain: [unit === 'reads' ? counting(reader, pass) : reader],
    target,
    signal: new AbortController().signal,
    progress: {
      ...silentProgress,
      advance: (count) => {
        if (unit !== 'reads') pass(count);
      },
    },
  });
}
