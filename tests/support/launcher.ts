import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const launcher = readFileSync(join(import.meta.dirname, '../../bin/holdfast'), 'utf8');

/** The flags that bin/holdfast starts Node with. */
export const launcherFlags = /^flags=['"]?([^'"\n]+)/m.exec(launcher)?.[1]?.split(' ') ?? [];

/** What it sets for Node and the C library, by the variable's name. */
export const launcherEnvironment: Readonly<Record<string, string>> = Object.fromEntries(
  [...launcher.matchAll(/^export (\w+)="\$\{\w+-([^}$]+)\}"$/gm)].map(
    ([, name = '', value = '']) => [name, value],
  ),
);

assert.ok(
  launcherFlags.length > 0 && Object.keys(launcherEnvironment).length === 3,
  'bin/holdfast',
);
