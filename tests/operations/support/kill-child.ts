import { runBackup } from '../../../backup-agent/operations/backup.ts';
import { copyBackups } from '../../../backup-agent/operations/copy.ts';
import { pruneBackups } from '../../../backup-agent/operations/prune.ts';
import { silentProgress } from '../../support/in-memory-backup.ts';
import { openInstallation } from './installation.ts';
import { patienceMs, type ChildTask } from './kill-task.ts';
import { withPoints } from './points.ts';
import { killJob, openStore } from './stores.ts';

const task: ChildTask = JSON.parse(process.argv[2] ?? '');
let skip = task.killAt?.skip ?? 0;
const points: string[] = [];
const point = (name: string): void => {
  points.push(name);
  if (name !== task.killAt?.point) return;
  if (skip === 0) process.kill(process.pid, 'SIGKILL');
  skip -= 1;
};

const agent = await openInstallation(task.directory, {
  storage: (name) => withPoints(openStore(task.store, name), point),
  by: 'child',
  job: killJob,
  signal: AbortSignal.timeout(patienceMs),
});
const run = { progress: silentProgress };
// The parent counts the time of a kill from here on.
process.stdout.write('ready\n');
if (task.operation === 'backup') await runBackup(agent, { job: 'crm', kind: 'auto' }, run);
if (task.operation === 'copy') await copyBackups(agent, 'crm', 'offsite', run);
if (task.operation === 'prune') await pruneBackups(agent, { job: 'crm', confirm: true }, run);
process.stdout.write(`${JSON.stringify(points)}\n`);
