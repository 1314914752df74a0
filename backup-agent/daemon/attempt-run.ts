import { isHoldfastError } from '../errors/holdfast-error.ts';
import type { Agent, Run } from '../operations/agent.ts';
import { runJob, type JobRunResult } from '../operations/run-job.ts';
import type { Status } from '../operations/status.ts';
import type { SlotFacts } from '../operations/watch-slots.ts';
import type { Ending } from './dispatcher.ts';
import { withDetails } from './run-log.ts';
import type { Task } from './task.ts';

/** What came of one run, for metrics and notifications. */
export interface RunReport {
  readonly id: string;
  readonly task: Pick<Task, 'job' | 'kind'>;
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly ending: Ending;
  /** What the run found, when it came to its end. */
  readonly result?: JobRunResult;
  readonly error?: { readonly code: string; readonly message: string };
}

export interface RunObserver {
  started(task: Pick<Task, 'job' | 'kind'>, id: string): void;
  ended(report: RunReport): void;
  /** What the repositories told when they were looked at last. */
  status(status: Status): void;
  /** What database servers keep for jobs, as it was looked at last. */
  slots?(slots: readonly SlotFacts[]): void;
}

export interface AttemptOptions {
  readonly id: string;
  /** What the agent logs goes to the log given, which names the run. */
  readonly openAgent: (log: Agent['log']) => Promise<Agent>;
  readonly signal: AbortSignal;
  readonly log: Agent['log'];
  readonly now: () => Date;
  readonly observers: readonly RunObserver[];
}

/** One run with an agent of its own. Never throws: how it ended is returned, logged and reported. */
export async function attemptRun(
  task: Pick<Task, 'job' | 'kind'>,
  options: AttemptOptions,
): Promise<Ending> {
  const { id, log, now, observers } = options;
  const about = { run: id, job: task.job, kind: task.kind };
  const startedAt = now();
  log.info(about, 'run started');
  for (const observer of observers) observer.started(task, id);
  const outcome = await settle(task, { ...options, log: withDetails(log, about) });
  const durationMs = Math.max(0, now().getTime() - startedAt.getTime());
  const report = { id, task, startedAt, durationMs, ...outcome };
  for (const observer of observers) observer.ended(report);
  const { ending, result, error } = outcome;
  const details = { ...about, durationMs, ending };
  if (error) {
    const level = ending === 'busy' ? 'info' : 'error';
    log[level]({ ...details, error }, `run ended: ${error.message}`);
  } else if (result?.outcome === 'good') log.info({ ...details, result }, 'run ended');
  else log.warn({ ...details, result }, 'run ended, and found something to look at');
  return ending;
}

type Outcome = Pick<RunReport, 'ending' | 'result' | 'error'>;

async function settle(
  task: Pick<Task, 'job' | 'kind'>,
  { openAgent, log, signal }: AttemptOptions,
): Promise<Outcome> {
  try {
    await using agent = await openAgent(log);
    return { ending: 'done', result: await runJob(agent, task, quietRun) };
  } catch (error) {
    if (signal.aborted)
      return { ending: 'later', error: { code: 'stopped', message: 'stopped with the daemon' } };
    if (isHoldfastError(error))
      return {
        ending: endingOf(error),
        error: { code: error.code, message: error.message },
      };
    log.error({ error }, 'a defect ended the run');
    return { ending: 'later', error: { code: 'bug', message: String(error) } };
  }
}

function endingOf(error: { readonly code: string; readonly retrySafe: boolean }): Ending {
  if (error.code === 'lease-held' || error.code === 'commit-conflict') return 'busy';
  return error.retrySafe ? 'later' : 'failed';
}

const quietRun: Run = {
  progress: { step: () => undefined, advance: () => undefined, note: () => undefined },
};
