import assert from 'node:assert/strict';
import { wildcard } from './wildcard.ts';

/**
 * Judges events by the patterns of EventBridge, as far as the stacks use them:
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 * An operator that is not known throws.
 */
export function matchesPattern(pattern: unknown, event: unknown): boolean {
  return Object.entries(fields(pattern)).every(([name, wanted]) => {
    if (name === '$or') {
      assert.ok(Array.isArray(wanted));
      return wanted.some((one) => matchesPattern(one, event));
    }
    const found = fields(event)[name];
    if (Array.isArray(wanted)) return matchesAny(wanted, found);
    // A field that holds a list of objects matches by any one of them.
    return (Array.isArray(found) ? found : [found]).some(
      (one) => one !== undefined && matchesPattern(wanted, one),
    );
  });
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function matchesAny(wanted: readonly unknown[], found: unknown): boolean {
  const values = Array.isArray(found) ? found : [found];
  return wanted.some((one) => values.some((value) => matchesOne(one, value)));
}

function matchesOne(wanted: unknown, value: unknown): boolean {
  if (value === undefined) return false;
  if (typeof wanted !== 'object' || wanted === null) return wanted === value;
  const [[operator, operand] = [], ...more] = Object.entries(wanted);
  assert.equal(more.length, 0, 'one operator at a time');
  if (operator === 'wildcard')
    return typeof value === 'string' && wildcard(String(operand)).test(value);
  if (operator === 'numeric') return numeric(operand as (string | number)[], value);
  assert.equal(operator, 'anything-but', `unknown operator ${operator}`);
  const refused = Array.isArray(operand) ? operand : [operand];
  return !refused.some((one: unknown) =>
    typeof one === 'object' && one !== null
      ? matchesAny(
          [fields(one)['wildcard']].flat().map((text) => ({ wildcard: text })),
          value,
        )
      : one === value,
  );
}

function numeric(terms: readonly (string | number)[], value: unknown): boolean {
  if (typeof value !== 'number') return false;
  return terms.every((operator, index) => {
    if (index % 2 === 1) return true;
    const limit = Number(terms[index + 1]);
    const holds = { '>=': value >= limit, '<': value < limit }[operator];
    assert.notEqual(holds, undefined, `unknown comparison ${operator}`);
    return holds;
  });
}

/**
 * The message that a target gets from an input transformer: lines of quoted text, in which `<name>` stands
 * for what a path finds, and for nothing where it finds nothing.
 */
export function renderMessage(
  paths: Readonly<Record<string, string>>,
  template: string,
  event: unknown,
): string {
  const values = Object.fromEntries(
    Object.entries(paths).map(([name, path]) => [name, at(event, path)]),
  );
  return template
    .split('\n')
    .map((line) => String(JSON.parse(line)))
    .join('\n')
    .replaceAll(/<(\w+)>/g, (_, name: string) => {
      assert.ok(name in values, `<${name}> has no path`);
      return values[name] ?? '';
    });
}

function at(event: unknown, path: string): string | undefined {
  assert.match(path, /^\$(\.\w+|\[\d+\])+$/);
  const found = [...path.matchAll(/\.(\w+)|\[(\d+)\]/g)].reduce<unknown>(
    (value, [, name, index]) => fields(value)[name ?? index ?? ''],
    event,
  );
  return found === undefined || typeof found === 'string' ? found : JSON.stringify(found);
}
