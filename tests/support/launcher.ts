import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const launcher = readFileSync(join(import.meta.dirname, '../../bin/holdfast'), 'utf8');

/** The flags that bin/holdfast starts Node with. */
export const launcherFlags = /^flags=['"]?([^'"\n]+)/m.exec(launcher)?.[1]?.split(' ') ?? [];

/** What it sets for malloc, by the variable's name. */
export const launcherMalloc: Readonly<Record<string, string>> = Object.fromEntries(
  [...launcher.matchAll(/^export (MALLOC_\w+)="\$\{\w+-(\d+)\}"$/gm)].map(
    ([, name = '', value = '']) => [name, value],
  ),
);

assert.ok(launcherFlags.length > 0 && Object.keys(launcherMalloc).length > 0, 'bin/holdfast');
