import { pick, Resource } from './resource.ts';
import type { Verdict } from './rule.ts';
import {
  asList,
  display,
  type Fields,
  isKnown,
  isOpaque,
  isSymbol,
  textOf,
  type Value,
} from './value.ts';

export const pass: Verdict = { outcome: 'pass' };
export const notApplicable: Verdict = { outcome: 'notApplicable' };

export function fail(actual: string, expected: string): Verdict {
  return { outcome: 'fail', actual: display(actual), expected: display(expected) };
}

export function unknown(actual: string, expected: string): Verdict {
  return { outcome: 'unknown', actual: display(actual), expected: display(expected) };
}

/** A condition on an attribute's value; `undefined` when the value says nothing yet. */
export interface Condition {
  readonly expected: string;
  readonly test: (value: Value | undefined) => boolean | undefined;
}

/** Tests plain values; anything with a symbol in it is not known. */
function known(expected: string, test: (value: Value | undefined) => boolean): Condition {
  return {
    expected,
    test: (value) => (value === undefined || isKnown(value) ? test(value) : undefined),
  };
}

const isTrueValue = (value: Value | undefined): boolean => value === true || value === 'true';

export const isTrue = known('true', isTrueValue);
export const isNotTrue = known('false or not set', (value) => !isTrueValue(value));
/** Some value, be it one that only apply knows. */
export const isSet: Condition = {
  expected: 'set',
  test: (value) =>
    value === undefined ||
    value === null ||
    value === '' ||
    (Array.isArray(value) && value.length === 0)
      ? false
      : isOpaque(value) && isSymbol(value)
        ? undefined
        : true,
};
export const isNotSet: Condition = {
  expected: 'not set',
  test: (value) => {
    const set = isSet.test(value);
    return set === undefined ? undefined : !set;
  },
};

export function equals(...wanted: readonly (string | number | boolean)[]): Condition {
  return known(wanted.join(' or '), (value) =>
    wanted.some((one) => one === value || String(one) === textOf(value)),
  );
}

export function atLeast(minimum: number): Condition {
  return known(`at least ${minimum}`, (value) => value !== undefined && Number(value) >= minimum);
}

export function between(minimum: number, maximum: number): Condition {
  return known(
    `${minimum} to ${maximum}`,
    (value) => value !== undefined && Number(value) >= minimum && Number(value) <= maximum,
  );
}

export function matches(pattern: RegExp, expected: string): Condition {
  return known(expected, (value) => value !== undefined && pattern.test(textOf(value)));
}

/** A list that holds all of these. */
export function includes(...wanted: readonly string[]): Condition {
  const expected = `with ${wanted.join(', ')}`;
  return {
    expected,
    test: (value) => {
      const items = asList(value);
      if (wanted.every((one) => items.includes(one))) return true;
      return value === undefined || isKnown(value) ? false : undefined;
    },
  };
}

/**
 * The attribute meets the condition.
 *
 * @param absent - what the provider or AWS assumes when the attribute is not written
 */
export function requires(
  of: Resource | Fields,
  path: string,
  condition: Condition,
  absent?: Value,
): Verdict {
  const fields = of instanceof Resource ? of.values : of;
  const value = pick(fields, path) ?? absent;
  const met = condition.test(value);
  if (met === true) return pass;
  const expected = `${path} ${condition.expected}`;
  return met === false
    ? fail(`${path} is ${display(value)}`, expected)
    : unknown(`${path} is ${display(value)}`, expected);
}

/** The worst of them: a failure before what is unknown, before a pass, before what does not apply. */
export function all(...verdicts: readonly Verdict[]): Verdict {
  for (const outcome of ['fail', 'unknown', 'pass'] as const) {
    const found = verdicts.find((verdict) => verdict.outcome === outcome);
    if (found) return found;
  }
  return notApplicable;
}

/** The best of them: one that passes is enough. */
export function any(...verdicts: readonly Verdict[]): Verdict {
  for (const outcome of ['pass', 'unknown', 'fail'] as const) {
    const found = verdicts.find((verdict) => verdict.outcome === outcome);
    if (found) return found;
  }
  return notApplicable;
}

/** Passes when the condition holds, and otherwise fails with what was found. */
export function when(holds: boolean, actual: string, expected: string): Verdict {
  return holds ? pass : fail(actual, expected);
}
