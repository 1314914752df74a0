import { join } from 'node:path';
import type { Notifications } from '../../../contracts/notifications.ts';
import type { Agent } from '../../operations/agent.ts';
import type { Status } from '../../operations/status.ts';
import type { RunObserver, RunReport } from '../attempt-run.ts';
import { attestationFindings } from './attestations.ts';
import { readBroken, writeBroken } from './broken-file.ts';
import { createChannels, type ChannelOptions } from './channels.ts';
import { Notifier } from './notifier.ts';
import { post } from './webhook.ts';

export interface NotifyObserverOptions extends ChannelOptions {
  readonly notifications: Notifications;
  readonly stateDirectory: string;
  /** The attestations file; nothing reminds of what falls due without it. */
  readonly attestations?: string;
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
  const pending = new Set<Promise<void>>();
  const track = (work: Promise<void>) => {
    const tracked: Promise<void> = work.finally(() => pending.delete(tracked));
    pending.add(tracked);
  };
  const beat = (job: string, ending: '' | '/start' | '/fail') => {
    for (const heartbeat of notifications.heartbeats.filter((each) => each.job === job))
      track(sendBeat(options, heartbeat, ending));
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
    status: (status) => {
      observeObjectives(notifier, status);
      track(observeAttestations(notifier, options));
    },
    async settled() {
      await Promise.all(pending);
      await notifier.settled();
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

async function observeAttestations(
  notifier: Notifier,
  { attestations, now }: NotifyObserverOptions,
): Promise<void> {
  if (attestations === undefined) return;
  for (const { key, finding } of await attestationFindings(attestations, now()))
    notifier.observe(key, finding);
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
