import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { schedule, type ScheduledTask } from 'node-cron';
import type { Configuration } from '../../contracts/configuration.ts';
import type { SecretReference } from '../../contracts/secret.ts';
import type { Agent } from '../operations/agent.ts';
import { readJobFacts } from '../operations/job-facts.ts';
import { openRunJournal, type RunJournal } from '../operations/run-journal.ts';
import { Dispatcher } from './dispatcher.ts';
import { lastSuccessIn, later } from './last-success.ts';
import { attemptRun, type RunObserver } from './attempt-run.ts';
import { jitterMs } from './jitter.ts';
import { createMetrics } from './metrics/metrics.ts';
import { isQuietFor } from './quiet-hours.ts';
import { serve, type Server } from './serve.ts';
import { statusPageOf } from './status-page.ts';
import { createNotifyObserver } from './notify/notify-observer.ts';
import { watchSlots } from '../operations/watch-slots.ts';
import { readStatus } from '../operations/status.ts';
import { tasksOf, type Task } from './task.ts';

/** Who is told of what an agent meets. */
export interface AgentWatch {
  readonly log: Agent['log'];
  readonly onStorageRetry: (repository: string) => void;
}

/** A configuration that was read and found valid. */
export interface Loaded {
  readonly value: Configuration;
  /** Relative paths start here. */
  readonly directory: string;
}

export interface DaemonOptions<Configured extends Loaded> {
  /** Reads the configuration anew; throws when it is not valid. */
  readonly load: () => Promise<Configured>;
  /** Everything that the agent does ends with the signal. */
  readonly openAgent: (
    configuration: Configured,
    signal: AbortSignal,
    watch: AgentWatch,
  ) => Promise<Agent>;
  /** Asks for an end: nothing new starts, what is at work has its grace period. */
  readonly stop: AbortSignal;
  readonly onHangup: (listener: () => void) => void;
  readonly now: () => Date;
  readonly log: Agent['log'];
  readonly secret: (reference: SecretReference, directory: string) => Promise<string>;
}

/** Retries and starts that jitter put off are looked for this often. */
const lookEveryMs = 5_000;
/** Objectives are compared with the repositories this often. */
const statusEveryMs = 60_000;

/**
 * Runs every job when its schedule says so until `stop`. node-cron wakes it; what is due is decided
 * from the repositories, so that a stopped daemon catches up. Throws when the configuration is not
 * valid at the start; later failures are logged and cost only the run that failed.
 */
export async function runDaemon<Configured extends Loaded>(
  options: DaemonOptions<Configured>,
): Promise<void> {
  const { log, stop } = options;
  const daemon = await Daemon.start(options);
  await using server = await daemon.serve();
  if (server) log.info({ url: server.url }, 'listening');
  options.onHangup(() => void daemon.reload());
  log.info({ jobs: daemon.jobs }, 'started');
  await aborted(stop);
  log.info({ running: daemon.running }, 'stopping: nothing new starts');
  await daemon.close();
  log.info({}, 'stopped');
}

class Daemon<Configured extends Loaded> {
  readonly #options: DaemonOptions<Configured>;
  readonly #work = new AbortController();
  readonly #journal: RunJournal;
  readonly #dispatcher: Dispatcher;
  readonly #metrics = createMetrics();
  readonly #look: NodeJS.Timeout;
  readonly #statusLook: NodeJS.Timeout;
  #configured: Configured;
  #crons: ScheduledTask[] = [];
  #notify: Awaited<ReturnType<typeof createNotifyObserver>> | undefined;
  #statusRead: Promise<void> | undefined;
  #server: Server | undefined;

  static async start<Configured extends Loaded>(
    options: DaemonOptions<Configured>,
  ): Promise<Daemon<Configured>> {
    const configured = await options.load();
    const state = resolve(configured.directory, configured.value.stateDirectory);
    const daemon = new Daemon(options, configured, await openRunJournal(state));
    await daemon.#take(configured);
    return daemon;
  }

  private constructor(
    options: DaemonOptions<Configured>,
    configured: Configured,
    journal: RunJournal,
  ) {
    this.#options = options;
    this.#configured = configured;
    this.#journal = journal;
    this.#dispatcher = new Dispatcher({
      now: options.now,
      jobsAtOnce: () => this.#configured.value.daemon.jobsAtOnce,
      lastSuccess: (task) => this.#lastSuccess(task),
      remember: (task, startedAt) => journal.set(task, startedAt),
      run: (task) => this.#run(task),
      isQuiet: (task, now) => isQuietFor(task, this.#configured.value.daemon.quietHours, now),
      jitterMs: (task, due) => jitterMs(task, due, this.#configured.value.daemon.jitter),
      log: options.log,
    });
    this.#look = setInterval(() => this.#dispatcher.wake(), lookEveryMs);
    this.#statusLook = setInterval(() => this.#lookAtStatus(), statusEveryMs);
  }

  get jobs(): readonly string[] {
    return Object.keys(this.#configured.value.jobs);
  }

  get running(): readonly string[] {
    return this.#dispatcher.running;
  }

  /** As the configuration said at the start: a reload moves no listener. */
  async serve(): Promise<Server | undefined> {
    const { listen } = this.#configured.value.daemon;
    if (!listen) return undefined;
    const { host, port, token, tls } = listen;
    const { log, secret, stop, now } = this.#options;
    const { directory } = this.#configured;
    if (!token && !isLoopback(host))
      log.warn({ host }, 'metrics and the status page are open to whoever reaches this address');
    const read = async (file: string) => await readFile(resolve(directory, file), 'utf8');
    const statusPage = statusPageOf({
      now,
      log,
      openAgent: () => this.#openAgent(),
    });
    this.#server = await serve({
      host,
      port,
      metrics: this.#metrics,
      statusPage,
      ready: () => !stop.aborted,
      ...(token ? { token: () => secret(token, directory) } : {}),
      ...(tls
        ? {
            tls: async () => ({
              cert: await read(tls.certificateFile),
              key: await read(tls.keyFile),
            }),
          }
        : {}),
    });
    return this.#server;
  }

  /** Takes the configuration as it is now; keeps the former one when it is not valid. */
  async reload(): Promise<void> {
    const { log } = this.#options;
    try {
      await this.#take(await this.#options.load());
      await this.#server?.renew();
      log.info({ jobs: this.jobs }, 'reloaded the configuration');
    } catch (error) {
      log.error({ error }, 'the configuration is not valid; the former one stays');
    }
  }

  /** What is at work may finish within the grace period; then it is told to end. */
  async close(): Promise<void> {
    clearInterval(this.#look);
    clearInterval(this.#statusLook);
    await this.#dropCrons();
    this.#dispatcher.stop();
    const { gracePeriod } = this.#configured.value.daemon;
    const timer = setTimeout(() => {
      this.#options.log.warn({ running: this.running }, 'the grace period is over');
      this.#work.abort(new Error('the grace period is over'));
    }, gracePeriod);
    await this.#dispatcher.settled();
    await this.#statusRead;
    await this.#notify?.settled();
    clearTimeout(timer);
  }

  async #take(configured: Configured): Promise<void> {
    const tasks = tasksOf(configured.value);
    const notify = await this.#createNotify(configured);
    await this.#dispatcher.setTasks(tasks);
    this.#configured = configured;
    this.#notify = notify;
    await this.#dropCrons();
    if (this.#options.stop.aborted) return;
    this.#crons = tasks.map(({ job, kind, expression, timeZone }) =>
      schedule(expression, () => this.#dispatcher.wake(), {
        name: `${job}/${kind}`,
        timezone: timeZone,
        suppressMissedWarning: true,
      }),
    );
    this.#dispatcher.wake();
    this.#lookAtStatus();
  }

  get #observers(): readonly RunObserver[] {
    return [...(this.#notify ? [this.#notify] : []), this.#metrics];
  }

  async #createNotify({ value, directory }: Configured) {
    if (!value.notifications) return undefined;
    const { log, now, secret } = this.#options;
    await this.#notify?.settled();
    return await createNotifyObserver({
      notifications: value.notifications,
      stateDirectory: resolve(directory, value.stateDirectory),
      ...(value.notifications.attestations !== undefined && {
        attestations: resolve(directory, value.notifications.attestations),
      }),
      log,
      now,
      secret: (reference) => secret(reference, directory),
    });
  }

  /** Never twice at once: a slow repository is not asked again meanwhile. */
  #lookAtStatus(): void {
    this.#statusRead ??= this.#readStatus().finally(() => {
      this.#statusRead = undefined;
    });
  }

  /** Never rejects. */
  async #readStatus(): Promise<void> {
    const { log } = this.#options;
    try {
      await using agent = await this.#openAgent();
      const status = await readStatus(agent, this.jobs);
      for (const observer of this.#observers) observer.status(status);
      const slots = await watchSlots(agent, this.jobs, this.running);
      for (const observer of this.#observers) observer.slots?.(slots);
    } catch (error) {
      log.error({ error }, 'the status could not be read');
    }
  }

  async #dropCrons(): Promise<void> {
    for (const cron of this.#crons) await cron.destroy();
    this.#crons = [];
  }

  async #openAgent(log = this.#options.log): Promise<Agent> {
    return await this.#options.openAgent(this.#configured, this.#work.signal, {
      log,
      onStorageRetry: (repository) => this.#metrics.storageRetried(repository),
    });
  }

  async #run(task: Task) {
    const { log, now } = this.#options;
    return await attemptRun(task, {
      id: randomUUID(),
      openAgent: (runLog) => this.#openAgent(runLog),
      signal: this.#work.signal,
      log,
      now,
      observers: this.#observers,
    });
  }

  async #lastSuccess(task: Task): Promise<Date | undefined> {
    const remembered = this.#journal.get(task);
    if (task.kind === 'copy' || task.kind === 'verify' || task.kind === 'prune') return remembered;
    await using agent = await this.#openAgent();
    return later(remembered, lastSuccessIn(await readJobFacts(agent, task.job), task.kind));
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((done) => {
    signal.addEventListener('abort', done, { once: true });
  });
}
