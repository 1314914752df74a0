import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The Debian package that has each program. */
export const packages = {
  age: 'age',
  'age-keygen': 'age',
  zstd: 'zstd',
  openssl: 'openssl',
  bash: 'bash',
  psql: 'postgresql-client',
  script: 'bsdutils',
  tar: 'tar',
  getfattr: 'attr',
  setfattr: 'attr',
  getfacl: 'acl',
  setfacl: 'acl',
  chromium: 'chromium',
} as const;
export type Program = keyof typeof packages;

/**
 * Options of a test that tries us against other programs: without them it is skipped, and says what
 * to install. In CI they must be there, so that such a test cannot be passed over for good.
 */
export function needing(...programs: readonly Program[]): { skip?: string } {
  const missing = programs.filter((program) => findProgram(program) === undefined);
  if (missing.length === 0 || process.env['CI']) return {};
  const install = [...new Set(missing.map((program) => packages[program]))].join(' ');
  return { skip: `needs ${missing.join(', ')}: apt-get install ${install}` };
}

/** The program's file, from PATH. */
export function findProgram(program: Program): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders
    .map((folder) => join(folder, program))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
