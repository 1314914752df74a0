import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { environment, type Environment } from '../../contracts/environment.ts';

const folder = join(import.meta.dirname, '../environments');

/** An environment file that cannot be used; `problems` has one line each, with its path. */
export class EnvironmentRefused extends Error {
  override readonly name = 'EnvironmentRefused';
  readonly problems: readonly string[];

  constructor(file: string, problems: readonly string[]) {
    super([`${file} is refused`, ...problems.map((problem) => `  ${problem}`)].join('\n'));
    this.problems = problems;
  }
}

/**
 * Reads an environment's YAML. Throws an EnvironmentRefused that names every problem with its path.
 */
export function parseEnvironment(text: string, file = 'environment'): Environment {
  const result = environment.safeParse(parse(text));
  if (result.success) return result.data;
  throw new EnvironmentRefused(
    file,
    result.error.issues.map((issue) => `${issue.path.join('.') || '(file)'}: ${issue.message}`),
  );
}

/** Reads `stacks/environments/<name>.yaml`; throws an EnvironmentRefused where it is no such file. */
export async function loadEnvironment(name: string): Promise<Environment> {
  if (!/^[a-z][a-z0-9-]*$/.test(name))
    throw new EnvironmentRefused(`environment \`${name}\``, ['(name): must be lower-case words']);
  const file = join(folder, `${name}.yaml`);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new EnvironmentRefused(`environment \`${name}\``, [`(file): ${file} does not exist`]);
  });
  const read = parseEnvironment(text, file);
  if (read.environment !== name)
    throw new EnvironmentRefused(file, [`environment: must be ${name}, as the file's name says`]);
  return read;
}
