import { randomUUID } from 'node:crypto';
import { Argument, Option } from 'commander';
import { withDetails } from '../../daemon/run-log.ts';
import { exitCodes } from '../../errors/exit-codes.ts';
import { isHoldfastError } from '../../errors/holdfast-error.ts';
import type { Agent } from '../../operations/agent.ts';
import { runJob, runKinds, type JobRunResult, type RunKind } from '../../operations/run-job.ts';
import { rememberRun } from '../../operations/status.ts';
import type { Progress } from '../../sources/source.ts';
import type { CommandContext, CommandModule } from '../command.ts';
import { addLogFormat, createLog, type LogFormat } from '../render/log-format.ts';
import type { Output } from '../render/output.ts';
import { runSteps } from '../render/steps.ts';
import { withAgent } from '../with-agent.ts';

export const runCommand: CommandModule = {
  define(program, run) {
    const command = program
      .command('run')
      .description('do one run of a job as its schedule would, and end: for cron, timers, tasks')
      .addArgument(new Argument('<job>', 'job of the configuration'))
      .addOption(
        new Option('-k, --kind <kind>', 'what to run').choices(runKinds).makeOptionMandatory(),
      )
      .addHelpText(
        'after',
        `
Copies go to every repository under \`copies\`, verifications and prunes look at all of them, drills
alternate between them. On a terminal it shows how far it is; elsewhere, or with --log-format json,
it logs events as the daemon does. Ends with ${exitCodes.busy} when another agent is at work on the job.

Examples:
  holdfast run crm-database --kind incremental
  holdfast run crm-database --kind drill --json
  holdfast run crm-database --kind full --log-format text    where a person reads a timer's output`,
      )
      .action((job: string, { kind, logFormat }: RunOptions) =>
        run(async (context) => {
          const format = logFormat ?? (isWatched(context.output) ? 'text' : 'json');
          return format === 'text'
            ? await runShown(context, { job, kind })
            : await runLogged(context, { job, kind });
        }),
      );
    addLogFormat(command);
  },
};

interface RunOptions {
  readonly kind: RunKind;
  readonly logFormat?: LogFormat;
}

interface Task {
  readonly job: string;
  readonly kind: RunKind;
}

function isWatched({ stderr, json }: Output): boolean {
  return stderr.isTTY && !json;
}

/** For a person who watches. */
async function runShown(context: CommandContext, task: Task): Promise<number> {
  const { output } = context;
  return await withAgent(context, async (agent) => {
    const results: JobRunResult[] = [];
    const step = {
      title: `Run ${task.kind} of ${task.job}`,
      run: async (progress: Progress) => {
        const result = await runOnce(agent, task, progress);
        results.push(result);
        return { summary: result.summary, bad: result.outcome !== 'good' };
      },
    };
    await runSteps([step], output);
    for (const result of results) {
      output.result(result, result.summary);
      if (result.outcome !== 'good') return exitCodeOf(result);
    }
    return exitCodes.ok;
  });
}

/** For a collector of logs: whatever happens is a line of JSON on stderr. */
async function runLogged(context: CommandContext, task: Task): Promise<number> {
  const { output, signal, now } = context;
  const log = withDetails(createLog('json', output), { run: randomUUID(), ...task });
  const startedAt = now().getTime();
  const durationMs = () => Math.max(0, now().getTime() - startedAt);
  const progress: Progress = {
    step: () => undefined,
    advance: () => undefined,
    note: (text) => log.info({}, text),
  };
  log.info({}, 'run started');
  try {
    const work = async (agent: Agent) => await runOnce(agent, task, progress);
    const result = await withAgent(context, work, { log });
    output.result(result, result.summary);
    const details = { durationMs: durationMs(), result };
    if (result.outcome === 'good') log.info(details, 'run ended');
    else log.warn(details, 'run ended, and found something to look at');
    return result.outcome === 'good' ? exitCodes.ok : exitCodeOf(result);
  } catch (error) {
    const details = { durationMs: durationMs() };
    if (signal.aborted) {
      log.warn(details, 'run ended: stopped; what was not committed is cleaned up by prune');
      return exitCodes.interrupted;
    }
    const message = error instanceof Error ? error.message : String(error);
    log.error({ ...details, error }, `run ended: ${message}`);
    return isHoldfastError(error) ? error.exitCode : exitCodes.bug;
  }
}

async function runOnce(agent: Agent, task: Task, progress: Progress): Promise<JobRunResult> {
  const startedAt = agent.now();
  const result = await runJob(agent, task, { progress });
  await rememberRun(agent, task, startedAt);
  return result;
}

function exitCodeOf({ kind, outcome }: JobRunResult): number {
  if (outcome === 'partial') return exitCodes.partial;
  return kind === 'drill' ? exitCodes.drillFailed : exitCodes.integrity;
}
