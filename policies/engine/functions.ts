import { createHash } from 'node:crypto';
import { cidrHost, cidrNetmask, cidrSubnet } from './cidr.ts';
import { asList, isKnown, isObject, isOpaque, isSymbol, textOf, type Value } from './value.ts';

/** Returns undefined when the result is not known. */
type Implementation = (...args: readonly Value[]) => Value | undefined;

const isCollection = (
  value: Value | undefined,
): value is Exclude<Value, string | number | boolean | null> =>
  typeof value === 'object' && value !== null;
const lengthOf = (value: Value): number =>
  typeof value === 'string' ? value.length : elements(value).length;
const key = (value: Value): string => JSON.stringify(value);
const distinct = (values: readonly Value[]): Value[] => [
  ...new Map(values.map((value) => [key(value), value])).values(),
];

/** For functions whose result depends on every character: nothing is known until all arguments are. */
function whenKnown(implementation: Implementation): Implementation {
  return (...args) => (args.every(isKnown) ? implementation(...args) : undefined);
}

/** For functions that only move elements: symbols inside a collection do no harm. */
function ofLists(
  implementation: (...lists: readonly (readonly Value[])[]) => Value,
): Implementation {
  return (...args) =>
    args.every(isCollection) ? implementation(...args.map(elements)) : undefined;
}

const elements = (value: Value): readonly Value[] =>
  Array.isArray(value)
    ? (value as readonly Value[])
    : isObject(value)
      ? Object.values(value)
      : [value];

function format(pattern: Value | undefined, ...args: readonly Value[]): Value | undefined {
  if (!isKnown(pattern ?? '') || args.some(isCollection)) return undefined;
  let next = 0;
  let simple = true;
  const result = textOf(pattern).replaceAll(/%(%|[-+0-9.]*[a-z])/g, (_, verb: string) => {
    if (verb === '%') return '%';
    if (!['s', 'd', 'v'].includes(verb)) simple = false;
    return textOf(args[next++]);
  });
  return simple ? result : undefined;
}

function flatten(list: readonly Value[]): Value[] {
  return list.flatMap((item) => (Array.isArray(item) ? flatten(item as readonly Value[]) : [item]));
}

function lookup(
  map: Value | undefined,
  name: Value | undefined,
  fallback?: Value,
): Value | undefined {
  if (!isObject(map) || !isKnown(name ?? null)) return undefined;
  return map[textOf(name)] ?? fallback;
}

function hash(algorithm: string): Implementation {
  return whenKnown((value) => createHash(algorithm).update(textOf(value)).digest('hex'));
}

/** The functions that occur in infrastructure code and need nothing but their arguments. */
export const functions: ReadonlyMap<string, Implementation> = new Map<string, Implementation>([
  // text
  ['format', format],
  [
    'join',
    (separator, list) =>
      isKnown(separator ?? '') && isCollection(list) && !elements(list).some(isCollection)
        ? elements(list).map(textOf).join(textOf(separator))
        : undefined,
  ],
  ['split', whenKnown((separator, value) => textOf(value).split(textOf(separator)))],
  ['lower', whenKnown((value) => textOf(value).toLowerCase())],
  ['upper', whenKnown((value) => textOf(value).toUpperCase())],
  [
    'title',
    whenKnown((value) => textOf(value).replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase())),
  ],
  ['trimspace', whenKnown((value) => textOf(value).trim())],
  [
    'trimprefix',
    whenKnown((value, prefix) =>
      textOf(value).startsWith(textOf(prefix))
        ? textOf(value).slice(textOf(prefix).length)
        : textOf(value),
    ),
  ],
  [
    'trimsuffix',
    whenKnown((value, suffix) =>
      textOf(suffix) !== '' && textOf(value).endsWith(textOf(suffix))
        ? textOf(value).slice(0, -textOf(suffix).length)
        : textOf(value),
    ),
  ],
  [
    'replace',
    whenKnown((value, from, to) =>
      /^\/.*\/$/.test(textOf(from))
        ? undefined
        : textOf(value).replaceAll(textOf(from), () => textOf(to)),
    ),
  ],
  [
    'substr',
    whenKnown((value, offset, length) =>
      textOf(value).slice(
        Number(offset),
        Number(length) < 0 ? undefined : Number(offset) + Number(length),
      ),
    ),
  ],
  ['startswith', whenKnown((value, prefix) => textOf(value).startsWith(textOf(prefix)))],
  ['endswith', whenKnown((value, suffix) => textOf(value).endsWith(textOf(suffix)))],
  ['jsonencode', (value) => JSON.stringify(value ?? null)],
  ['jsondecode', (value) => (isSymbol(value) ? undefined : parseJson(textOf(value)))],
  ['base64encode', whenKnown((value) => Buffer.from(textOf(value)).toString('base64'))],
  ['base64decode', whenKnown((value) => Buffer.from(textOf(value), 'base64').toString())],
  ['md5', hash('md5')],
  ['sha1', hash('sha1')],
  ['sha256', hash('sha256')],
  // numbers
  ['max', whenKnown((...values) => Math.max(...values.map(Number)))],
  ['min', whenKnown((...values) => Math.min(...values.map(Number)))],
  [
    'sum',
    whenKnown((list) => asList(list).reduce<number>((total, value) => total + Number(value), 0)),
  ],
  ['abs', whenKnown((value) => Math.abs(Number(value)))],
  ['ceil', whenKnown((value) => Math.ceil(Number(value)))],
  ['floor', whenKnown((value) => Math.floor(Number(value)))],
  // collections
  ['concat', ofLists((...lists) => lists.flat())],
  ['flatten', ofLists((list) => flatten(list))],
  ['distinct', ofLists((list = []) => distinct(list))],
  ['toset', ofLists((list = []) => distinct(list))],
  ['tolist', ofLists((list = []) => list)],
  ['setunion', ofLists((...lists) => distinct(lists.flat()))],
  ['compact', ofLists((list = []) => list.filter((value) => value !== null && value !== ''))],
  ['reverse', ofLists((list = []) => [...list].reverse())],
  ['sort', whenKnown((list) => asList(list).map(textOf).sort())],
  ['slice', ofLists((list = [], ...rest) => list.slice(...rest.map(Number)))],
  [
    'length',
    (value = []) =>
      isSymbol(value) || (typeof value === 'string' && !isKnown(value))
        ? undefined
        : lengthOf(value),
  ],
  [
    'element',
    (list, index) =>
      isCollection(list) && isKnown(index ?? null)
        ? elements(list).at(Number(index) % elements(list).length)
        : undefined,
  ],
  [
    'index',
    whenKnown((list, value) => asList(list).findIndex((item) => key(item) === key(value ?? null))),
  ],
  [
    'contains',
    (list, value) =>
      isCollection(list) && elements(list).some((item) => key(item) === key(value ?? null))
        ? true
        : isKnown(list ?? null) && isKnown(value ?? null)
          ? false
          : undefined,
  ],
  ['keys', (map) => (isObject(map) ? Object.keys(map).sort() : undefined)],
  [
    'values',
    (map) =>
      isObject(map)
        ? Object.keys(map)
            .sort()
            .map((name) => map[name] ?? null)
        : undefined,
  ],
  ['lookup', lookup],
  [
    'merge',
    (...maps) =>
      maps.every((map) => isObject(map) || map === null)
        ? (Object.assign({}, ...maps) as Value)
        : undefined,
  ],
  [
    'zipmap',
    (names, list) =>
      isCollection(names) && isCollection(list) && isKnown(names)
        ? Object.fromEntries(
            elements(names).map((name, at) => [textOf(name), elements(list)[at] ?? null]),
          )
        : undefined,
  ],
  ['tomap', (map) => (isObject(map) ? map : undefined)],
  ['coalesce', (...values) => values.find((value) => value !== null && value !== '')],
  ['coalescelist', (...lists) => lists.find((list) => isSymbol(list) || elements(list).length > 0)],
  ['one', (list) => (isCollection(list) ? (elements(list)[0] ?? null) : undefined)],
  // types
  [
    'tostring',
    (value) => (isCollection(value) ? undefined : value === null ? null : textOf(value)),
  ],
  ['tonumber', whenKnown((value) => (value === null ? null : Number(value)))],
  ['tobool', whenKnown((value) => (value === null ? null : textOf(value) === 'true'))],
  ['sensitive', (value) => value],
  ['nonsensitive', (value) => value],
  ['try', (...values) => values.find((value) => !isOpaque(value)) ?? values[0]],
  // networks
  [
    'cidrsubnet',
    whenKnown((range, bits, number) => cidrSubnet(textOf(range), Number(bits), Number(number))),
  ],
  ['cidrhost', whenKnown((range, number) => cidrHost(textOf(range), Number(number)))],
  ['cidrnetmask', whenKnown((range) => cidrNetmask(textOf(range)))],
]);

function parseJson(source: string): Value | undefined {
  try {
    return JSON.parse(source) as Value;
  } catch {
    return undefined;
  }
}
