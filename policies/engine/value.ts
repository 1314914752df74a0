/** What an attribute holds once it is resolved. Text may carry symbols for what is not known yet. */
export type Value =
  | string
  | number
  | boolean
  | null
  | readonly Value[]
  | { readonly [key: string]: Value };
export type Fields = Readonly<Record<string, Value>>;

/** An attribute of another resource whose value only `apply` knows. */
export interface Reference {
  readonly address: string;
  readonly attribute: string;
}

// Two private-use characters: valid in JSON and in every string function, absent from real input.
const open = '\uE000';
const close = '\uE001';
const symbols = /\uE000([^\uE001]*)\uE001/g;
const opaqueMark = '?';
/** Parts an opaque symbol's reason from the references it was made of. */
const separator = '\uE002';

/** The symbol of an attribute: travels inside strings, lists and JSON like any other text. */
export function reference(address: string, attribute: string): string {
  return `${open}${address}#${attribute}${close}`;
}

/**
 * The symbol of a value that cannot be known, saying why.
 *
 * @param from - what it would be computed from: the resources mentioned there stay mentioned
 */
export function opaque(reason: string, ...from: readonly Value[]): string {
  const sources = from
    .flatMap(referencesIn)
    .map(({ address, attribute }) => `${separator}${address}#${attribute}`);
  return `${open}${opaqueMark}${stripSymbols(reason)}${[...new Set(sources)].join('')}${close}`;
}

/** Removes the characters that mark symbols, so that no input can forge one. */
export function stripSymbols(text: string): string {
  return text.replaceAll(/[\uE000-\uE002]/g, '');
}

/** Whether the value is one symbol and nothing else. */
export function isSymbol(value: unknown): value is string {
  return typeof value === 'string' && /^\uE000[^\uE001]*\uE001$/.test(value);
}

/** Whether the value, down to its last leaf, is free of symbols. */
export function isKnown(value: Value): boolean {
  if (typeof value === 'string') return !value.includes(open);
  if (value === null || typeof value !== 'object') return true;
  return Object.values(value).every(isKnown);
}

/** Whether some part of the value is opaque: neither known nor the attribute of a known resource. */
export function isOpaque(value: Value): boolean {
  if (typeof value === 'string') return value.includes(open + opaqueMark);
  if (value === null || typeof value !== 'object') return false;
  return Object.values(value).some(isOpaque);
}

/** Every resource attribute that the value mentions, in order. */
export function referencesIn(value: Value | undefined): Reference[] {
  if (typeof value === 'string') return referencesInText(value);
  if (value === undefined || value === null || typeof value !== 'object') return [];
  return Object.values(value).flatMap(referencesIn);
}

function referencesInText(text: string): Reference[] {
  if (!text.includes(open)) return [];
  return [...text.matchAll(symbols)].flatMap(([, body = '']) => {
    const mentioned = body.startsWith(opaqueMark) ? body.split(separator).slice(1) : [body];
    return mentioned.map((text) => {
      const split = text.lastIndexOf('#');
      return { address: text.slice(0, split), attribute: text.slice(split + 1) };
    });
  });
}

/** A symbol's attribute, one level deeper. */
export function deepen(symbol: string, key: string | number): string {
  const [found] = isOpaque(symbol) ? [] : referencesIn(symbol);
  if (!found) return symbol;
  return reference(found.address, found.attribute === '' ? `${key}` : `${found.attribute}.${key}`);
}

/** For people: symbols written as Terraform writes them. */
export function display(value: Value | undefined): string {
  if (value === undefined) return 'not set';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.replaceAll(symbols, (_, body: string) =>
    body.startsWith(opaqueMark)
      ? `(unknown: ${body.slice(1).split(separator)[0]})`
      : `\${${body.replace('#', '.')}}`,
  );
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function asList(value: Value | undefined): readonly Value[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? (value as readonly Value[]) : [value];
}

/** A scalar as text, as Terraform converts it; nothing for null, JSON for collections. */
export function textOf(value: Value | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
