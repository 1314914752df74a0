import { z } from 'zod';

const fields = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12 },
  { name: 'day of week', min: 0, max: 6 },
] as const;

/** `*`, `5`, `1-5`, each with an optional `/step`. */
const item = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/;

function itemProblem(text: string, field: (typeof fields)[number]): string | undefined {
  const match = item.exec(text);
  if (!match) return `${field.name} \`${text}\` is not a number, range, list or step`;
  const [, first, last, step] = match.map((part) =>
    part === undefined ? undefined : Number(part),
  );
  const outside = [first, last].find(
    (value) => value !== undefined && (value < field.min || value > field.max),
  );
  if (outside !== undefined)
    return `${field.name} ${outside} is not within ${field.min}–${field.max}`;
  if (first !== undefined && last !== undefined && last < first)
    return `${field.name} range ${first}-${last} runs backwards`;
  if (step === 0) return `${field.name} step must be at least 1`;
  if (step !== undefined && first !== undefined && last === undefined)
    return `${field.name} \`${text}\`: a step needs \`*\` or a range`;
  return undefined;
}

/** The first thing wrong with a schedule, or undefined. */
export function scheduleProblem(text: string): string | undefined {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== fields.length)
    return 'must have five fields: minute, hour, day of month, month, day of week';
  for (const [index, field] of fields.entries()) {
    for (const part of (parts[index] ?? '').split(',')) {
      const problem = itemProblem(part, field);
      if (problem) return problem;
    }
  }
  if (parts[2] !== '*' && parts[4] !== '*')
    return 'must restrict the day of month or the day of week, not both';
  return undefined;
}

/** The values that each field of a schedule allows, sorted; `text` must have no problem. */
export function allowedValues(text: string): number[][] {
  const parts = text.trim().split(/\s+/);
  return fields.map((field, index) => {
    const values = new Set(
      (parts[index] ?? '').split(',').flatMap((part) => valuesOf(part, field)),
    );
    return [...values].toSorted((left, right) => left - right);
  });
}

function valuesOf(text: string, field: (typeof fields)[number]): number[] {
  const [, first, last, step] = item.exec(text) ?? [];
  const from = first === undefined ? field.min : Number(first);
  const until = last === undefined ? (first === undefined ? field.max : from) : Number(last);
  const values: number[] = [];
  for (let value = from; value <= until; value += Number(step ?? 1)) values.push(value);
  return values;
}

const weekdayNames = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/**
 * The same instants as an expression of Amazon EventBridge Scheduler, `cron(0 1 ? * SUN *)`; its zone
 * goes into `ScheduleExpressionTimezone`. There Sunday is 1, so weekdays are named; one of the two day
 * fields must be `?`; steps are written out.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
 */
export function eventBridgeExpression(text: string): string {
  const [minute, hour, dayOfMonth, month, weekday] = allowedValues(text).map((values, index) => {
    const { min, max } = fields[index] ?? { min: 0, max: 0 };
    if (values.length === max - min + 1) return '*';
    return values.map((value) => (index === 4 ? weekdayNames[value] : value)).join(',');
  });
  const days = weekday === '*' ? [dayOfMonth, month, '?'] : ['?', month, weekday];
  return `cron(${[minute, hour, ...days, '*'].join(' ')})`;
}

/**
 * The common subset of node-cron and EventBridge Scheduler: five numeric fields, Sunday is 0, day of
 * month or day of week but not both, so that both schedulers mean the same instants.
 */
export const schedule = z.string().superRefine((text, context) => {
  const problem = scheduleProblem(text);
  if (problem) context.addIssue({ code: 'custom', message: problem });
});
