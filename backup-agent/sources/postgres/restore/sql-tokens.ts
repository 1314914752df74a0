/**
 * Just enough of PostgreSQL's lexical rules to find where strings, quoted names, dollar quotes and
 * comments begin and end, so that nothing inside them is taken for structure. A string with a doubled
 * quote reads as two adjacent tokens, which ends at the same place; a quoted name is one token.
 * https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 */
const token = new RegExp(
  [
    String.raw`--[^\n]*`,
    String.raw`\/\*`,
    String.raw`[eE]'(?:[^'\\]+|\\[^]|'')*'`,
    String.raw`'[^']*'`,
    String.raw`"(?:[^"]|"")*"`,
    String.raw`\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$`,
    String.raw`[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*`,
    String.raw`[^A-Za-z_\u0080-\uffff'"$;\/-]+`,
    String.raw`[^]`,
  ].join('|'),
  'gy',
);

export interface SqlToken {
  readonly text: string;
  readonly start: number;
}

/** Splits SQL into tokens; runs of spaces, digits and operators stay together. */
export function* sqlTokens(sql: string): Generator<SqlToken, void, undefined> {
  let at = 0;
  while (at < sql.length) {
    token.lastIndex = at;
    const opening = token.exec(sql)?.[0] ?? '';
    const end = at + Math.max(1, lengthFrom(sql, at, opening));
    yield { text: sql.slice(at, end), start: at };
    at = end;
  }
}

/** The whole token, where its opening is not all of it. */
function lengthFrom(sql: string, at: number, opening: string): number {
  if (opening === '/*') return endOfComment(sql, at) - at;
  if (!opening.startsWith('$') || opening.length < 2) return opening.length;
  const close = sql.indexOf(opening, at + opening.length);
  return close < 0 ? sql.length - at : close + opening.length - at;
}

/** Such comments nest. */
function endOfComment(sql: string, start: number): number {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = start;
  let depth = 0;
  for (let found = mark.exec(sql); found; found = mark.exec(sql)) {
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
  return sql.length;
}
