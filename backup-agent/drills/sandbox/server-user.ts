import { readFile } from 'node:fs/promises';
import { HoldfastError } from '../../errors/holdfast-error.ts';

export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * PostgreSQL refuses to run as root. The user it runs as instead, or undefined when this process is
 * nobody special and may run it itself. Throws `tool-missing` when root finds no such user.
 */
export async function serverUser(
  uid = process.getuid?.() ?? -1,
  passwdFile = '/etc/passwd',
): Promise<ServerUser | undefined> {
  if (uid !== 0) return undefined;
  const lines = (await readFile(passwdFile, 'utf8')).split('\n').map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const [, , user, group] = lines.find((fields) => fields[0] === name) ?? [];
    if (Number(user) > 0) return { uid: Number(user), gid: Number(group) };
  }
  throw new HoldfastError('tool-missing', 'no unprivileged user to run a PostgreSQL server as', {
    hint: 'add a user `postgres`, or run Holdfast as an ordinary user',
  });
}
