import { join } from 'node:path';
import type { Notifications } from '../../../contracts/notifications.ts';
import type { Agent } from '../../operations/agent.ts';
import type { Status } from '../../operations/status.ts';
import type { RunObserver, RunReport } from '../attempt-run.ts';
import { readBroken, writeBroken } from './broken-file.ts';
import { createChannels, type ChannelOptions } from './channels.ts';
import { Notifier } from './notifier.ts';
import { post } from './webhook.ts';

export interface NotifyObserverOptions extends ChannelOptions {
  readonly notifications: Notifications;
  readonly stateDirectory: string;
  readonly log: Agent['log'];
}

/** Turns runs and objectives into notifications and heartbeats. */
export async function createNotifyObserver(
  options: NotifyObserverOptions,
): Promise<RunObserver & { settled(): Promise<void> }> {
  const { notifications, stateDirectory, now, log } = options;
  const file = join(stateDirectory, 'notifications.json');
  const notifier = new Notifier({
    channels: createChannels(notifications, options),
    rules: notifications.rules,
    remindEveryMs: notifications.remindEvery,
    now,
    log,
    broken: await readBroken(file),
    save: (broken) => writeBroken(file, broken),
  });
  const pings = new Set<Promise<void>>();
  const beat = (job: string, ending: '' | '/start' | '/fail') => {
    for (const heartbeat of notifications.heartbeats.filter((each) => each.job === job)) {
      const ping: Promise<void> = sendBeat(options, heartbeat, ending).finally(() =>
        pings.delete(ping),
      );
      pings.add(ping);
    }
  };
  return {
    started: ({ job }) => beat(job, '/start'),
    ended: (report) => {
      if (report.ending === 'busy' || report.error?.code === 'stopped') return;
      const problem = problemOf(report);
      const { job, kind } = report.task;
      beat(job, problem === undefined ? '' : '/fail');
      notifier.observe(`${job} ${kind}`, { job, severity: 'critical', ...problem });
    },
    status: (status) => observeObjectives(notifier, status),
    async settled() {
      await Promise.all([notifier.settled(), ...pings]);
    },
  };
}

function problemOf({ ending, result, error }: RunReport): { problem: string } | undefined {
  if (error) return { problem: `${error.message} (${error.code})` };
  if (ending === 'done' && result?.outcome === 'good') return undefined;
  return { problem: result?.summary ?? ending };
}

function observeObjectives(notifier: Notifier, { jobs }: Status): void {
  for (const { job, objectives } of jobs)
    for (const { name, state, why } of objectives)
      notifier.observe(`${job} ${name}`, {
        job,
        severity: state === 'breached' ? 'critical' : 'warning',
        ...(state === 'met' ? {} : { problem: `${state}: ${why}` }),
      });
}

const beatTimeoutMs = 10_000;

/** Best effort: a silent heartbeat is what its receiver watches for. */
async function sendBeat(
  { secret, log }: NotifyObserverOptions,
  { job, url }: Notifications['heartbeats'][number],
  ending: string,
): Promise<void> {
  try {
    const address = new URL(await secret(url));
    address.pathname = `${address.pathname.replace(/\/$/, '')}${ending}`;
    await post(`heartbeat of ${job}`, address, { timeoutMs: beatTimeoutMs });
  } catch (error) {
    log.warn({ job, error }, 'a heartbeat did not arrive');
  }
}
