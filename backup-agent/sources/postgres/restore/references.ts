import { sqlTokens } from './sql-tokens.ts';

/** A name that SQL text qualifies with a schema: pg_dump qualifies all but the server's own. */
export interface Reference {
  readonly schema: string;
  readonly name: string;
}

export interface References {
  /** In the order of the text. */
  readonly direct: readonly Reference[];
  /** Inside strings and bodies, such as `nextval('public.numbers'::regclass)`. */
  readonly quoted: readonly Reference[];
  /** Every bare word of a body: functions name each other there without a schema. */
  readonly words: ReadonlySet<string>;
}

/** What an entry of a schema dump refers to. Finds too much rather than too little. */
export function referencesIn(sql: string): References {
  const quoted: Reference[] = [];
  const words = new Set<string>();
  const direct = scan(sql, (body) => {
    quoted.push(...scan(body, () => undefined, words));
  });
  return { direct, quoted, words };
}

function scan(sql: string, onBody: (body: string) => void, words?: Set<string>): Reference[] {
  const found: Reference[] = [];
  let before: string | undefined;
  let schema: string | undefined;
  for (const { text } of sqlTokens(sql)) {
    const body = bodyOf(text);
    if (body !== undefined) onBody(body);
    const name = readName(text);
    if (name !== undefined) words?.add(name);
    if (name !== undefined && schema !== undefined) found.push({ schema, name });
    schema = text.startsWith('.') && text.trim() === '.' ? before : undefined;
    before = name;
  }
  return found;
}

/** The name that a token is, without its quotes. */
export function readName(token: string): string | undefined {
  if (token.startsWith('"')) return token.slice(1, -1).replaceAll('""', '"');
  return /^[A-Za-z_\u0080-\uffff]/.test(token) ? token : undefined;
}

function bodyOf(token: string): string | undefined {
  if (token.startsWith("'")) return token.slice(1, -1).replaceAll("''", "'");
  if (/^[eE]'/.test(token)) return token.slice(2, -1).replaceAll("''", "'");
  const fence = /^\$[^$]*\$/.exec(token)?.[0];
  return fence && token.slice(fence.length, -fence.length);
}
