import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const launcher = readFileSync(join(import.meta.dirname, '../../bin/holdfast'), 'utf8');

/** The flags that bin/holdfast starts Node with. */
export const launcherFlags = /^flags="(.+)"$/m.exec(launcher)?.[1]?.split(' ') ?? [];

/** What it sets for malloc, by the variable's name. */
export const launcherMalloc: Readonly<Record<string, string>> = Object.fromEntries(
  [...launcher.matchAll(/^export (MALLOC_\w+)="\$\{\w+-(\d+)\}"$/gm)].map(
    ([, name = '', value = '']) => [name, value],
  ),
);
