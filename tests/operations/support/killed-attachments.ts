import { runBackup } from '../../../backup-agent/operations/backup.ts';
import { largeSegments, openAttachments } from './attachments.ts';
import { countingPuts, withPoints } from './points.ts';
import { run } from './scenario.ts';

/**
 * Run as a program: backs up the attachments of a directory, and kills itself at its nth point, or
 * with `bytes` once it has moved so many into the storage.
 */
const [directory = '', limit = '0', unit] = process.argv.slice(2);
let left = Number(limit);
const pass = (count: number) => {
  left -= count;
  if (left < 0) process.kill(process.pid, 'SIGKILL');
};
const agent = await openAttachments(
  directory,
  unit === 'bytes'
    ? {
        source: largeSegments(directory),
        wrap: (storage) => countingPuts(storage, pass),
        // The parent has a limit for it all.
        signal: new AbortController().signal,
      }
    : { wrap: (storage) => withPoints(storage, () => pass(1)) },
);
const [manifest] = await runBackup(agent, { job: 'crm', kind: 'full' }, run);
process.stdout.write(manifest?.id ?? '');
