import type { ControlState } from '../../contracts/controls-report.ts';
import type { Text } from './text.ts';

/** What a check says, and why. */
export interface Finding {
  readonly state: ControlState;
  readonly why: Text;
}

export const finding = (state: ControlState, en: string, zh: string): Finding => ({
  state,
  why: { en, zh },
});

/** Worst first. */
const severity: readonly ControlState[] = ['not', 'overdue', 'partly', 'attested', 'met', 'absent'];

/** The findings of the worst state there is, for a reader who wants to know what to mend. */
export function worst(findings: readonly Finding[]): readonly Finding[] {
  const state = severity.find((one) => findings.some((found) => found.state === one));
  return findings.filter((found) => found.state === state);
}

/** `2026-11-27`, in UTC. */
export function dayOf(time: Date | string): string {
  return new Date(time).toISOString().slice(0, 10);
}

export const dayMs = 86_400_000;
