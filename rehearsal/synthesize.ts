import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';

const manifestFile = z.object({
  stacks: z.record(z.string(), z.object({ synthesizedStackPath: z.string() })),
});
const stackFile = z.looseObject({
  resource: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
});

export interface Synthesis {
  readonly stacks: readonly string[];
  readonly resources: number;
}

/** Synthesizes the sandbox's stacks into `directory`, as `cdktf synth` does. */
export async function synthesizeStacks(directory: string, signal: AbortSignal): Promise<Synthesis> {
  const root = join(import.meta.dirname, '..');
  await execa(process.execPath, [join(root, 'stacks', 'main.ts')], {
    cwd: root,
    env: { HOLDFAST_ENV: 'sandbox', CDKTF_OUTDIR: directory },
    cancelSignal: signal,
  });
  const manifest = manifestFile.parse(await readJson(join(directory, 'manifest.json')));
  let resources = 0;
  for (const { synthesizedStackPath } of Object.values(manifest.stacks)) {
    const stack = stackFile.parse(await readJson(join(directory, synthesizedStackPath)));
    resources += Object.values(stack.resource).flatMap((byName) => Object.keys(byName)).length;
  }
  return { stacks: Object.keys(manifest.stacks), resources };
}

async function readJson(file: string): Promise<unknown> {
  return JSON.parse(await readFile(file, 'utf8'));
}
