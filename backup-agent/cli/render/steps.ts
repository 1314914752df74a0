import { Listr, ListrLogger, ProcessOutput, type ListrTaskWrapper } from 'listr2';
import type { Progress, ProgressDetails } from '../../sources/source.ts';
import { formatBytes, formatCount, formatDuration } from './format.ts';
import type { Output } from './output.ts';

export interface Step {
  readonly title: string;
  /** Says what was done in a few words, shown behind the title; or nothing. */
  run(progress: Progress): Promise<string | StepResult | void>;
}

export interface StepResult {
  readonly summary: string;
  /** The step was done and found something bad: it gets the mark of a failure, and the next begins. */
  readonly bad: boolean;
}

/** Runs steps one after another and shows on stderr how far they are. The first failure ends it. */
export async function runSteps(steps: readonly Step[], output: Output): Promise<void> {
  const list = new Listr(
    steps.map((step) => shownStep(step, output)),
    {
      renderer: rendererFor(output),
      rendererOptions: {
        // listr2 writes to stdout unless its logger is given another place.
        logger: new ListrLogger({
          useIcons: true,
          processOutput: new ProcessOutput(output.stderr, output.stderr, { leaveEmptyLine: false }),
        }),
        showErrorMessage: false,
        collapseErrors: false,
      },
      fallbackRendererCondition: () => false,
      silentRendererCondition: () => false,
      registerSignalListeners: false,
    },
  );
  await list.run();
}

// The wrapper's type parameters name the renderer, which is chosen at run time.
// oxlint-disable-next-line typescript/no-explicit-any
type AnyTask = ListrTaskWrapper<any, any, any>;

function shownStep(step: Step, output: Output) {
  let isBad = false;
  return {
    title: step.title,
    exitOnError: () => !isBad,
    task: async (_: unknown, task: AnyTask) => {
      const result = (await step.run(taskProgress(task, output.interactive))) ?? '';
      const { summary, bad } =
        typeof result === 'string' ? { summary: result, bad: false } : result;
      // In a pipe the line of a failure names its message itself.
      if (summary !== '' && (!bad || output.interactive)) task.title = `${step.title}: ${summary}`;
      isBad = bad;
      // The only way to the mark of a failure; it goes no further.
      if (bad) throw new Error(summary);
    },
  };
}

function rendererFor(output: Output): 'default' | 'simple' | 'silent' {
  if (output.quiet || output.json) return 'silent';
  return output.interactive ? 'default' : 'simple';
}

const redrawEveryMs = 200;
const lineEveryMs = 15_000;

/** Progress as one line below a task: redrawn on a terminal, a line now and then in a pipe. */
function taskProgress(task: AnyTask, interactive: boolean): Progress {
  const everyMs = interactive ? redrawEveryMs : lineEveryMs;
  let title = '';
  let total: { readonly amount: number; readonly unit: string } | undefined;
  let done = 0;
  let details: ProgressDetails = {};
  let startedAt = performance.now();
  let drawnAt = startedAt;
  return {
    step: (nextTitle, nextTotal) => {
      title = nextTitle;
      total = nextTotal;
      done = 0;
      details = {};
      startedAt = performance.now();
      if (interactive) task.output = title;
    },
    advance: (amount, also = {}) => {
      done += amount;
      details = { ...details, ...also, bytes: (details.bytes ?? 0) + (also.bytes ?? 0) };
      const now = performance.now();
      if (now - drawnAt < everyMs) return;
      drawnAt = now;
      task.output = progressLine(title, done, total, now - startedAt, details);
    },
    note: (text) => {
      task.output = text;
    },
  };
}

/**
 * `copy tables: 1.2 GiB of 3.0 GiB, 40 %, 95 MiB/s, 19 s left, crm.deals`, or, where no total is known
 * and bytes are not what is counted, `back up files: 5,210 entries, 900 entries/s, 340 MiB at 59 MiB/s, segment 6`.
 */
export function progressLine(
  title: string,
  done: number,
  total: { readonly amount: number; readonly unit: string } | undefined,
  elapsedMs: number,
  { bytes = 0, segment, at }: ProgressDetails = {},
): string {
  const show = (amount: number) =>
    total?.unit === 'bytes'
      ? formatBytes(amount)
      : `${formatCount(amount)} ${total?.unit ?? ''}`.trim();
  const perSecond = (amount: number) => Math.round((amount * 1_000) / Math.max(1, elapsedMs));
  const known = total !== undefined && total.amount > 0 && done <= total.amount;
  const left = known && done > 0 ? ((total.amount - done) / done) * elapsedMs : 0;
  const parts = [
    known
      ? `${total.unit === 'bytes' ? show(done) : formatCount(done)} of ${show(total.amount)}`
      : show(done),
    ...(known ? [`${Math.floor((done / total.amount) * 100)} %`] : []),
    ...(total ? [`${show(perSecond(done))}/s`] : []),
    ...(left > 0 ? [`${formatDuration(left)} left`] : []),
    ...(bytes > 0 ? [`${formatBytes(bytes)} at ${formatBytes(perSecond(bytes))}/s`] : []),
    ...(segment === undefined ? [] : [`segment ${segment}`]),
    // As JSON would: no control character reaches the terminal.
    ...(at === undefined ? [] : [JSON.stringify(at).slice(1, -1)]),
  ];
  return `${title}: ${parts.join(', ')}`;
}
