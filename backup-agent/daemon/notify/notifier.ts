import { severities, type Notifications, type Severity } from '../../../contracts/notifications.ts';
import type { Agent } from '../../operations/agent.ts';
import type { Channel, Message } from './message.ts';

/** What is broken, and since when; survives a restart through `save`. */
export interface Broken {
  readonly severity: Severity;
  readonly job?: string | undefined;
  readonly text: string;
  readonly toldAt: string;
}

export interface Finding {
  readonly job?: string;
  readonly severity: Severity;
  /** Absent when all is well. */
  readonly problem?: string;
}

export interface NotifierOptions {
  readonly channels: readonly Channel[];
  readonly rules: Notifications['rules'];
  readonly remindEveryMs: number;
  readonly now: () => Date;
  readonly log: Agent['log'];
  readonly broken: ReadonlyMap<string, Broken>;
  readonly save: (broken: ReadonlyMap<string, Broken>) => Promise<void>;
}

/**
 * Tells each change of state once: broken, reminders while it lasts, healed. Messages go out one after
 * another, apart from whatever is at work; a channel that fails is reported through the others, and
 * nothing here ever throws.
 */
export class Notifier {
  readonly #options: NotifierOptions;
  readonly #broken: Map<string, Broken>;
  #queue: Promise<void> = Promise.resolve();

  constructor(options: NotifierOptions) {
    this.#options = options;
    this.#broken = new Map(options.broken);
  }

  /** Notes what was found under `key`, such as `crm-database rpo`, and tells if that is news. */
  observe(key: string, finding: Finding): void {
    this.#queue = this.#queue
      .then(() => this.#observe(key, finding))
      .catch((error: unknown) => {
        this.#options.log.error({ error }, 'a notification was lost');
      });
  }

  /** Resolves once everything observed so far was told. */
  async settled(): Promise<void> {
    await this.#queue;
  }

  async #observe(key: string, finding: Finding): Promise<void> {
    const message = this.#change(key, finding);
    if (!message) return;
    await this.#options.save(this.#broken);
    await this.#deliver(message, this.#channelsFor(message));
  }

  #change(key: string, { job, severity, problem }: Finding): Message | undefined {
    const at = this.#options.now();
    const former = this.#broken.get(key);
    const about = job === undefined ? { at } : { at, job };
    if (problem === undefined) {
      if (!former) return undefined;
      this.#broken.delete(key);
      return { ...about, state: 'healed', severity: former.severity, text: `${key}: all is well` };
    }
    const worse = former && severities.indexOf(severity) > severities.indexOf(former.severity);
    const remind =
      former && at.getTime() - Date.parse(former.toldAt) >= this.#options.remindEveryMs;
    if (former && !worse && !remind) return undefined;
    this.#broken.set(key, { severity, job, text: problem, toldAt: at.toISOString() });
    const state = former && !worse ? 'reminder' : 'broken';
    return { ...about, state, severity, text: `${key}: ${problem}` };
  }

  #channelsFor({ job, severity }: Message): readonly Channel[] {
    const { channels, rules } = this.#options;
    if (rules.length === 0) return channels;
    const heard = rules.filter(
      (rule) =>
        severities.indexOf(severity) >= severities.indexOf(rule.severity) &&
        (rule.jobs === undefined || job === undefined || rule.jobs.includes(job)),
    );
    const names = new Set(heard.flatMap((rule) => rule.channels));
    return channels.filter(({ name }) => names.has(name));
  }

  async #deliver(message: Message, channels: readonly Channel[]): Promise<void> {
    const results = await Promise.all(
      channels.map(async (channel) => ({ channel, failure: await this.#send(channel, message) })),
    );
    for (const { channel, failure } of results) await this.#noteChannel(channel, failure);
  }

  async #send(channel: Channel, message: Message): Promise<string | undefined> {
    try {
      await channel.send(message);
      return undefined;
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      this.#options.log.warn({ channel: channel.name, failure }, 'a channel is dead');
      return failure;
    }
  }

  /** To every other channel, whatever the rules say: a dead channel is silent by itself. */
  async #noteChannel(channel: Channel, failure: string | undefined): Promise<void> {
    const finding: Finding = { severity: 'warning', ...(failure ? { problem: failure } : {}) };
    const message = this.#change(`channel ${channel.name}`, finding);
    if (!message) return;
    await this.#options.save(this.#broken);
    const others = this.#options.channels.filter(({ name }) => name !== channel.name);
    await Promise.all(others.map((other) => this.#send(other, message)));
  }
}
