import { runBackup } from '../../../backup-agent/operations/backup.ts';
import { openAttachments } from './attachments.ts';
import { withPoints } from './points.ts';
import { run } from './scenario.ts';

/** Run as a program: backs up the attachments of a directory, and kills itself at its nth point. */
const [directory = '', points = '0'] = process.argv.slice(2);
let left = Number(points);
const agent = await openAttachments(directory, {
  wrap: (storage) =>
    withPoints(storage, () => {
      if (left-- <= 0) process.kill(process.pid, 'SIGKILL');
    }),
});
const [manifest] = await runBackup(agent, { job: 'crm', kind: 'full' }, run);
process.stdout.write(manifest?.id ?? '');
