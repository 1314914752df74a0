import type { Severity } from '../../../contracts/notifications.ts';

/** What is told: something broke, still is broken, healed, or a person tries the channel. */
export interface Message {
  readonly state: 'broken' | 'reminder' | 'healed' | 'test';
  readonly severity: Severity;
  readonly job?: string;
  readonly text: string;
  readonly at: Date;
}

const words = {
  broken: 'broken',
  reminder: 'still broken',
  healed: 'healed',
  test: 'test',
} as const;

/** One line, for a subject or a chat. */
export function subjectOf({ state, severity, job }: Message): string {
  const what = state === 'broken' || state === 'reminder' ? ` ${severity}` : '';
  return `Holdfast${job === undefined ? '' : ` ${job}`}: ${words[state]}${what}`;
}

/** A place that messages go to. `send` rejects when the message did not arrive. */
export interface Channel {
  readonly name: string;
  send(message: Message): Promise<void>;
}
