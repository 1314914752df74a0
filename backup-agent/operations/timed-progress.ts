import type { PhaseClock } from '../drills/phase-clock.ts';
import type { Progress } from '../sources/source.ts';

/** Steps of a restore that are phases of a drill under a shorter name. */
const phaseOfStep: Readonly<Record<string, string>> = {
  'create the schema': 'schema',
  'load tables': 'load',
  'load large objects': 'load',
  'build primary keys': 'index',
  'replay changes': 'replay',
  'build indexes': 'index',
  'add constraints, triggers and rights': 'index',
};

export interface TimedProgress extends Progress {
  /** Begins a phase that lasts through all steps until the next `phase` or `steps`. */
  phase(name: string): void;
  /** From here on each step is a phase of its own. */
  steps(): void;
  finish(): void;
}

/** Progress that also measures how long each phase takes. */
export function timedProgress(progress: Progress, clock: PhaseClock): TimedProgress {
  let current: { readonly name: string; readonly startedAt: number } | undefined;
  let fixed = false;
  const finish = () => {
    if (current)
      clock.add([{ name: current.name, durationMs: performance.now() - current.startedAt }]);
    current = undefined;
  };
  const start = (name: string) => {
    finish();
    current = { name, startedAt: performance.now() };
  };
  return {
    finish,
    phase: (name) => {
      fixed = true;
      start(name);
      progress.step(name);
    },
    steps: () => {
      fixed = false;
    },
    step: (title, total) => {
      if (!fixed) start(phaseOfStep[title] ?? title);
      progress.step(title, total);
    },
    advance: (amount, also) => progress.advance(amount, also),
    note: (text) => progress.note(text),
  };
}
