import assert from 'node:assert/strict';

type Json = Readonly<Record<string, unknown>>;

/**
 * Whether an event matches a pattern of EventBridge, by the operators that the stacks use; throws for
 * another, lest it passes unjudged.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
 */
export function matches(pattern: object, event: unknown): boolean {
  // A field that is a list matches when one of its elements does.
  if (Array.isArray(event)) return event.some((element) => matches(pattern, element));
  return Object.entries(pattern).every(([key, wanted]) => {
    if (key === '$or')
      return (wanted as readonly object[]).some((alternative) => matches(alternative, event));
    const value = (event as Json | undefined)?.[key];
    return Array.isArray(wanted) ? anyOf(wanted, value) : matches(wanted as object, value);
  });
}

function anyOf(wanted: readonly unknown[], value: unknown): boolean {
  const values = Array.isArray(value) ? value : [value];
  return values.some((one) => wanted.some((filter) => accepts(filter, one)));
}

function accepts(filter: unknown, value: unknown): boolean {
  if (typeof filter !== 'object' || filter === null) return filter === value;
  const [[operator, operand] = []] = Object.entries(filter);
  if (operator === 'exists') return (value !== undefined) === operand;
  if (operator === 'anything-but')
    return value !== undefined && !(operand as readonly unknown[]).includes(value);
  return assert.fail(`unknown operator ${operator}`);
}
