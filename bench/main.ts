import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';

/** Runs the benchmarks named on the command line, or all, one after another. */
const available = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && file !== 'main.ts')
  .map((file) => file.slice(0, -3));
const [, , ...named] = process.argv;
const unknown = named.filter((name) => !available.includes(name));
if (unknown.length > 0) {
  process.stderr.write(
    `error: no benchmark ${unknown.join(', ')}; there are: ${available.join(', ')}\n`,
  );
  process.exitCode = 2;
} else {
  for (const name of named.length > 0 ? named : available)
    await execa(process.execPath, [join(import.meta.dirname, `${name}.ts`)], { stdio: 'inherit' });
}
