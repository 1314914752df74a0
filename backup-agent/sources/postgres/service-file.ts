import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import type { Variables } from './connection-target.ts';

/**
 * A service's parameters, from PGSERVICEFILE, `~/.pg_service.conf`, or `pg_service.conf` in
 * PGSYSCONFDIR. Throws `config-invalid` when none has it.
 * Format: https://www.postgresql.org/docs/current/libpq-pgservice.html
 */
export async function readService(
  name: string,
  environment: Variables,
): Promise<Record<string, string>> {
  const files = [
    environment['PGSERVICEFILE'] ?? join(environment['HOME'] ?? '/', '.pg_service.conf'),
    join(environment['PGSYSCONFDIR'] ?? '/etc/postgresql-common', 'pg_service.conf'),
  ];
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => '');
    const found = findService(text, name);
    if (found) return found;
  }
  throw new HoldfastError(
    'config-invalid',
    `no service ${JSON.stringify(name)} in ${files.join(' or ')}`,
  );
}

export function findService(text: string, name: string): Record<string, string> | undefined {
  let found: Record<string, string> | undefined;
  let current = '';
  for (const line of text.split(/\r?\n/).map((line) => line.trim())) {
    const section = /^\[(.*)\]$/.exec(line)?.[1];
    if (section !== undefined) {
      if (found) return found;
      current = section;
      if (current === name) found = {};
    } else if (found && current === name && line !== '' && !line.startsWith('#')) {
      const at = line.indexOf('=');
      if (at > 0) found[line.slice(0, at).trim()] = line.slice(at + 1).trim();
    }
  }
  return found;
}
