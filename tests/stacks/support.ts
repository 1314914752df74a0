import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildApp } from '../../stacks/build-app.ts';
import { loadEnvironment } from '../../stacks/lib/load-environment.ts';
import type { Environment } from '../../contracts/environment.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

export const environmentNames = ['sandbox', 'staging', 'production'] as const;
export type EnvironmentName = (typeof environmentNames)[number];

/** Attributes of a resource or data source as they stand in Terraform's JSON. */
export type Attributes = Readonly<Record<string, unknown>>;

/** One stack's `cdk.tf.json`. */
export interface StackJson {
  readonly resource?: Readonly<Record<string, Readonly<Record<string, Attributes>>>>;
  readonly data?: Readonly<Record<string, Readonly<Record<string, Attributes>>>>;
  readonly output?: Readonly<Record<string, { value: unknown; description?: string }>>;
  readonly provider: Readonly<Record<string, readonly Attributes[]>>;
  readonly terraform: { readonly backend: Readonly<Record<string, Attributes>> };
}

/** Synthesizes an environment and reads back what Terraform would read, by stack. */
export async function synthesize(
  environment: EnvironmentName | Environment,
): Promise<Readonly<Record<string, StackJson>>> {
  await using directory = await temporaryDirectory();
  const file = typeof environment === 'string' ? await loadEnvironment(environment) : environment;
  const { app, stacks } = buildApp(file, directory.path);
  app.synth();
  const names = Object.entries(stacks).flatMap(([name, stack]) => (stack ? [name] : []));
  const texts = await Promise.all(
    names.map((name) => readFile(join(directory.path, 'stacks', name, 'cdk.tf.json'), 'utf8')),
  );
  return Object.fromEntries(
    names.map((name, index) => [name, JSON.parse(texts[index] ?? '') as StackJson]),
  );
}

export interface Located {
  readonly stack: string;
  readonly type: string;
  readonly id: string;
  readonly attributes: Attributes;
}

/** Every managed resource of all stacks. */
export function resourcesOf(stacks: Readonly<Record<string, StackJson>>): Located[] {
  return Object.entries(stacks).flatMap(([stack, json]) =>
    Object.entries(json.resource ?? {}).flatMap(([type, byId]) =>
      Object.entries(byId).map(([id, attributes]) => ({ stack, type, id, attributes })),
    ),
  );
}
