import { nextInstant } from '../../contracts/schedule-times.ts';
import { runKinds } from '../operations/run-job.ts';
import type { Agent } from '../operations/agent.ts';
import { taskKey, type Task } from './task.ts';

/** How a run ended: `busy` when another agent has the job, `later` when trying again may help. */
export type Ending = 'done' | 'busy' | 'later' | 'failed';

export interface DispatcherOptions {
  readonly now: () => Date;
  /** Of different jobs. */
  readonly jobsAtOnce: () => number;
  /** When the task's newest successful run started, as repositories and this host know it. */
  readonly lastSuccess: (task: Task) => Promise<Date | undefined>;
  /** Remembers it beyond this process. */
  readonly remember: (task: Task, startedAt: Date) => Promise<void>;
  readonly run: (task: Task) => Promise<Ending>;
  /** How much later than scheduled a run starts: the same for the same task and instant. */
  readonly jitterMs: (task: Task, due: Date) => number;
  /** Whether the task must not start now, though it is due. */
  readonly isQuiet: (task: Task, now: Date) => boolean;
  readonly log: Agent['log'];
}

interface State {
  readonly task: Task;
  /** Every instant up to this one is accounted for. */
  baseline: Date;
  due: Date | undefined;
  failures: number;
  /** After a failure; only trusted while the clock does not run backwards. */
  pause: { readonly from: Date; readonly until: Date } | undefined;
}

const busyPauseMs = 60_000;
const firstPauseMs = 60_000;
const longestPauseMs = 3_600_000;
/** A success further in the future than this was recorded by a clock that was wrong. */
const toleratedJumpMs = 86_400_000;

/**
 * Decides what runs when. It holds no timers: `wake` starts whatever is due at that moment, so it may
 * be called at any time and as often as one likes. A task is due when its schedule has an instant after
 * its last successful start; however many instants were missed, it runs once.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #running = new Map<string, Promise<void>>();
  #states = new Map<string, State>();
  #stopped = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** Takes these tasks instead of the former ones; what is at work goes on. */
  async setTasks(tasks: readonly Task[]): Promise<void> {
    const states = await Promise.all(tasks.map((task) => this.#load(task)));
    this.#states = new Map(states.map((state) => [taskKey(state.task), state]));
  }

  /** Jobs that are at work. */
  get running(): readonly string[] {
    return [...this.#running.keys()];
  }

  /** The next instant of each task, due ones included. */
  get upcoming(): readonly { readonly task: Task; readonly due: Date | undefined }[] {
    return [...this.#states.values()].map(({ task, due }) => ({ task, due }));
  }

  /** Starts what is due, the most valuable first, as far as there is room. */
  wake(): void {
    if (this.#stopped) return;
    const now = this.#options.now();
    for (const state of this.#states.values()) this.#rebaseAfterJump(state, now);
    const ready = [...this.#states.values()]
      .filter((state) => this.#isReady(state, now))
      .toSorted(mostValuableFirst);
    for (const state of ready) {
      if (this.#running.size >= this.#options.jobsAtOnce()) return;
      if (!this.#running.has(state.task.job)) this.#start(state);
    }
  }

  /** Nothing new starts from here on. */
  stop(): void {
    this.#stopped = true;
  }

  /** Resolves once nothing is at work; what `wake` would start next is not waited for. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  async #load(task: Task): Promise<State> {
    const known = await this.#options.lastSuccess(task);
    const baseline = known ?? this.#options.now();
    // A task that is new starts to count now, and still does so after a restart.
    if (!known) await this.#options.remember(task, baseline);
    const former = this.#states.get(taskKey(task));
    const state = { failures: 0, pause: undefined, ...former, task, baseline, due: undefined };
    this.#setBaseline(state, baseline);
    return state;
  }

  #setBaseline(state: State, baseline: Date): void {
    state.baseline = baseline;
    state.due = nextInstant(state.task.schedule, state.task.timeZone, baseline);
  }

  #rebaseAfterJump(state: State, now: Date): void {
    if (state.baseline.getTime() - now.getTime() <= toleratedJumpMs) return;
    const { job, kind } = state.task;
    const details = { job, kind, baseline: state.baseline.toISOString() };
    this.#options.log.warn(details, 'the last run lies far in the future; its clock was wrong');
    this.#setBaseline(state, now);
  }

  #isReady({ task, due, pause }: State, now: Date): boolean {
    if (!due || this.#running.has(task.job)) return false;
    if (now >= due && this.#options.isQuiet(task, now)) return false;
    const paused = pause && now >= pause.from && now < pause.until;
    return !paused && now.getTime() >= due.getTime() + this.#options.jitterMs(task, due);
  }

  #start(state: State): void {
    const { job } = state.task;
    const work = this.#attempt(state).finally(() => {
      this.#running.delete(job);
      this.wake();
    });
    this.#running.set(job, work);
  }

  /** Never rejects: whatever one run does, the others go on. */
  async #attempt(state: State): Promise<void> {
    const { task } = state;
    const { now, log } = this.#options;
    try {
      if (await this.#doneMeanwhile(state)) return;
      const startedAt = now();
      const ending = await this.#options.run(task);
      if (ending === 'done') await this.#succeeded(state, startedAt);
      else this.#pause(state, ending);
    } catch (error) {
      log.error({ job: task.job, kind: task.kind, error: describe(error) }, 'the run broke off');
      this.#pause(state, 'later');
    }
  }

  /** Another agent that shares the job may have served it. */
  async #doneMeanwhile(state: State): Promise<boolean> {
    const known = await this.#options.lastSuccess(state.task);
    if (!known || !state.due || known < state.due) return false;
    if (known.getTime() - this.#options.now().getTime() > toleratedJumpMs) return false;
    this.#setBaseline(state, known);
    return true;
  }

  async #succeeded(state: State, startedAt: Date): Promise<void> {
    state.failures = 0;
    state.pause = undefined;
    for (const served of this.#servedBy(state.task)) {
      this.#setBaseline(served, startedAt);
      await this.#options.remember(served.task, startedAt);
    }
  }

  /** A full is a restorable point as an incremental is one. */
  #servedBy({ job, kind }: Task): State[] {
    const kinds = kind === 'full' ? ['full', 'incremental'] : [kind];
    return kinds.flatMap((served) => this.#states.get(`${job}/${served}`) ?? []);
  }

  #pause(state: State, ending: Exclude<Ending, 'done'>): void {
    const from = this.#options.now();
    state.failures += ending === 'busy' ? 0 : 1;
    state.pause = { from, until: this.#retryAt(state, ending, from) };
  }

  /** What will not heal by itself waits for the next instant of its schedule. */
  #retryAt({ task, failures }: State, ending: Exclude<Ending, 'done'>, from: Date): Date {
    const next = nextInstant(task.schedule, task.timeZone, from);
    const after = (ms: number) => new Date(from.getTime() + ms);
    if (ending === 'busy') return after(busyPauseMs);
    if (ending === 'failed') return next ?? after(longestPauseMs);
    const retry = after(Math.min(firstPauseMs * 2 ** (failures - 1), longestPauseMs));
    return next && next < retry ? next : retry;
  }
}

function mostValuableFirst(left: State, right: State): number {
  const rank = ({ task }: State) => runKinds.indexOf(task.kind);
  const due = ({ due }: State) => due?.getTime() ?? 0;
  return rank(left) - rank(right) || due(left) - due(right);
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
