/** Whether `schema.table` fits a pattern with `*` and `?`; without a dot, any schema fits. */
export function matchesTable(
  patterns: readonly string[],
  table: { readonly schema: string; readonly name: string },
): boolean {
  const name = `${table.schema}.${table.name}`;
  return patterns.some((pattern) => wildcards(qualified(pattern)).test(name));
}

function qualified(pattern: string): string {
  return pattern.includes('.') ? pattern : `*.${pattern}`;
}

function wildcards(pattern: string): RegExp {
  const body = pattern.replaceAll(/[*?]|[^*?]+/g, (text) => {
    if (text === '*') return '.*';
    return text === '?' ? '.' : RegExp.escape(text);
  });
  return new RegExp(`^${body}$`, 'su');
}

/**
 * The same pattern in the language of psql and pg_dump: what is no wildcard is quoted, so that
 * capitals and every other character mean themselves.
 * See https://www.postgresql.org/docs/current/app-psql.html#APP-PSQL-PATTERNS
 */
export function toDumpPattern(pattern: string): string {
  const at = pattern.indexOf('.');
  const parts = at < 0 ? ['*', pattern] : [pattern.slice(0, at), pattern.slice(at + 1)];
  return parts.map(quotePart).join('.');
}

function quotePart(part: string): string {
  return part.replaceAll(/[^*?]+/g, (text) => `"${text.replaceAll('"', '""')}"`);
}
