import type { PhaseClock } from '../drills/phase-clock.ts';
import type { Progress } from '../sources/source.ts';

/** Progress that also measures: each step counts as a phase until the next begins. */
export function timedProgress(
  progress: Progress,
  clock: PhaseClock,
): Progress & { finish(): void } {
  let current: { readonly name: string; readonly startedAt: number } | undefined;
  const finish = () => {
    if (current)
      clock.add([{ name: current.name, durationMs: performance.now() - current.startedAt }]);
    current = undefined;
  };
  return {
    finish,
    step: (title, total) => {
      finish();
      current = { name: title, startedAt: performance.now() };
      progress.step(title, total);
    },
    advance: (amount) => progress.advance(amount),
    note: (text) => progress.note(text),
  };
}
