import { Listr, ListrLogger, ProcessOutput, type ListrTaskWrapper } from 'listr2';
import type { Progress } from '../../sources/source.ts';
import { formatBytes, formatCount, formatDuration } from './format.ts';
import type { Output } from './output.ts';

export interface Step {
  readonly title: string;
  /** Says what was done in a few words, shown behind the title; or nothing. */
  run(progress: Progress): Promise<string | void>;
}

/** Runs steps one after another and shows on stderr how far they are. The first failure ends it. */
export async function runSteps(steps: readonly Step[], output: Output): Promise<void> {
  const list = new Listr(
    steps.map((step) => ({
      title: step.title,
      task: async (_: unknown, task: AnyTask) => {
        const summary = await step.run(taskProgress(task, output.interactive));
        if (summary) task.title = `${step.title}: ${summary}`;
      },
    })),
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
  let startedAt = performance.now();
  let drawnAt = startedAt;
  return {
    step: (nextTitle, nextTotal) => {
      title = nextTitle;
      total = nextTotal;
      done = 0;
      startedAt = performance.now();
      if (interactive) task.output = title;
    },
    advance: (amount) => {
      done += amount;
      const now = performance.now();
      if (now - drawnAt < everyMs) return;
      drawnAt = now;
      task.output = progressLine(title, done, total, now - startedAt);
    },
    note: (text) => {
      task.output = text;
    },
  };
}

/** `copy tables: 1.2 GiB of 3.0 GiB, 40 %, 95 MiB/s, 19 s left`. */
export function progressLine(
  title: string,
  done: number,
  total: { readonly amount: number; readonly unit: string } | undefined,
  elapsedMs: number,
): string {
  const show = (amount: number) =>
    total?.unit === 'bytes' ? formatBytes(amount) : `${formatCount(amount)} ${total?.unit ?? ''}`;
  if (!total || total.amount === 0) return `${title}: ${show(done).trim()}`;
  const share = Math.min(1, done / total.amount);
  const perMs = done / Math.max(1, elapsedMs);
  const left = perMs > 0 ? (total.amount - done) / perMs : 0;
  const parts = [
    `${show(done)} of ${show(total.amount)}`,
    `${Math.floor(share * 100)} %`,
    `${show(Math.round(perMs * 1_000))}/s`,
    ...(left > 0 ? [`${formatDuration(left)} left`] : []),
  ];
  return `${title}: ${parts.join(', ')}`;
}
