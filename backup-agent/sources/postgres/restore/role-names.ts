import { quoteIdentifier } from '../changes/quote.ts';
import { sqlTokens } from './sql-tokens.ts';

/** Roles renamed on their way: from the source's name to the target's. */
export type RoleMapping = Readonly<Record<string, string>>;

const introducing = new Set(['TO', 'FROM', 'ROLE', 'AUTHORIZATION', ',']);

/** Replaces role names in grants, policies and ownership; all other names stay. */
export function mapRoles(sql: string, mapping: RoleMapping): string {
  if (Object.keys(mapping).length === 0) return sql;
  let result = '';
  let expecting = false;
  for (const { text } of sqlTokens(sql)) {
    if (text.trim() === '') {
      result += text;
      continue;
    }
    const name = expecting ? readName(text) : undefined;
    const mapped = name === undefined ? undefined : mapping[name];
    result += mapped === undefined ? text : quoteIdentifier(mapped);
    expecting = introducing.has(text.trim());
  }
  return result;
}

function readName(token: string): string | undefined {
  if (token.startsWith('"')) return token.slice(1, -1).replaceAll('""', '"');
  return /^[a-z_][a-z0-9_$]*$/.test(token) ? token : undefined;
}
