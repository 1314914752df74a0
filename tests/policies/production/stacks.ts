import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { InputFile } from '../../../policies/face.ts';
import type { Fields } from '../../../policies/engine/value.ts';
import { buildApp } from '../../../stacks/build-app.ts';
import { loadEnvironment } from '../../../stacks/lib/load-environment.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

type Block = Record<string, unknown>;

/** A synthesized stack whose resources a test may change. */
export interface Stack extends InputFile {
  readonly content: { readonly resource: Record<string, Record<string, Block>> } & Record<
    string,
    unknown
  >;
}

/** What `cdktf synth` writes for an environment, and the environment file itself. */
export interface Synthesis {
  readonly stacks: readonly Stack[];
  readonly environment: { readonly name: string; readonly content: Fields };
}

const content = z.looseObject({
  resource: z.record(z.string(), z.record(z.string(), z.looseObject({}))),
});

export async function synthesize(name: string): Promise<Synthesis> {
  await using directory = await temporaryDirectory();
  const environment = await loadEnvironment(name);
  const { app } = buildApp(environment, directory.path);
  app.synth();
  const manifest = JSON.parse(await readFile(join(directory.path, 'manifest.json'), 'utf8')) as {
    stacks: Record<string, { synthesizedStackPath: string }>;
  };
  const stacks = await Promise.all(
    Object.entries(manifest.stacks).map(async ([stack, { synthesizedStackPath }]) => {
      const document = content.parse(
        JSON.parse(await readFile(join(directory.path, synthesizedStackPath), 'utf8')),
      );
      return { name: stack, file: `${stack}/cdk.tf.json`, content: document };
    }),
  );
  return {
    stacks,
    environment: { name, content: JSON.parse(JSON.stringify(environment)) as Fields },
  };
}
