import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Variables } from './connection-target.ts';

interface Place {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

/**
 * The password that libpq's password file holds for a place, or undefined. As libpq does, ignores a
 * file that others may read. Format: https://www.postgresql.org/docs/current/libpq-pgpass.html
 */
export async function readPassword(
  place: Place,
  environment: Variables,
): Promise<string | undefined> {
  const file = environment['PGPASSFILE'] ?? join(environment['HOME'] ?? '/', '.pgpass');
  const about = await stat(file).catch(() => undefined);
  if (!about?.isFile() || (about.mode & 0o077) !== 0) return undefined;
  return findPassword(await readFile(file, 'utf8'), place);
}

/** The first line whose four fields match; `*` matches anything. */
export function findPassword(text: string, place: Place): string | undefined {
  const host = place.host.startsWith('/') ? 'localhost' : place.host;
  const wanted = [[place.host, host], [String(place.port)], [place.database], [place.user]];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('#')) continue;
    const fields = splitFields(line);
    if (fields.length < 5) continue;
    if (wanted.every((values, at) => fields[at] === '*' || values.includes(fields[at] ?? '')))
      return fields[4];
  }
  return undefined;
}

/** Colons part the fields; a backslash protects a colon or a backslash. */
function splitFields(line: string): string[] {
  const fields = [''];
  for (let at = 0; at < line.length; at += 1) {
    const escaped = line[at] === '\\' && at + 1 < line.length;
    if (escaped) at += 1;
    if (line[at] === ':' && !escaped) fields.push('');
    else fields[fields.length - 1] += line[at] ?? '';
  }
  return fields;
}
