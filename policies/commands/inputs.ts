import { readFile } from 'node:fs/promises';
import { InvalidArgumentError } from 'commander';
import { parse } from 'yaml';
import { z } from 'zod';
import type { EvidencePlace } from '../controls/evidence/read-records.ts';
import type { JudgeOptions } from '../face.ts';
import { noSuppressions, parseSuppressions, type SuppressionSet } from '../engine/suppress.ts';

/** A file named on the command line that is not what it should be. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

export function parseTime(text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new InvalidArgumentError('not a time such as 2026-11-23');
  return time;
}

export async function readSuppressions(path: string | undefined): Promise<SuppressionSet> {
  return path === undefined ? noSuppressions : parseSuppressions(await readFile(path, 'utf8'));
}

const environmentFile = z
  .looseObject({ environment: z.string() })
  .and(z.record(z.string(), z.json()));

/** The environment file that stacks were made from; rules compare it with them. */
export async function readEnvironment(
  path: string,
): Promise<NonNullable<JudgeOptions['environment']>> {
  const content = environmentFile.parse(parse(await readFile(path, 'utf8')));
  return { name: content.environment, content };
}

/**
 * A YAML file that must follow a contract.
 *
 * @throws {InputError} naming the file and everything that is wrong with it; never a value, which may
 *   be a secret in the wrong place
 */
export async function readContract<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Promise<z.infer<Schema>> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new InputError(`${path} cannot be read: ${error.message}`, { cause: error });
  });
  const parsed = schema.safeParse(yamlOf(path, text));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    (issue) => `  ${issue.path.join('.') || '(file)'}: ${issue.message}`,
  );
  throw new InputError([`${path} is refused`, ...problems].join('\n'));
}

function yamlOf(path: string, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new InputError(`${path} is not YAML: ${why}`, { cause: error });
  }
}

/** For an option that may be given again: `bundle.zip`, `primary=/var/lib/holdfast/repository`. */
export function collectEvidence(text: string, former: readonly EvidencePlace[]): EvidencePlace[] {
  const [, repository, path = text] = /^([a-z][a-z0-9-]*)=(.+)$/.exec(text) ?? [];
  return [...former, { path, ...(repository !== undefined && { repository }) }];
}
