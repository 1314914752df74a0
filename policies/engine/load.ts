import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Configuration, type StackSource } from './configuration.ts';
import { cdktfManifest, terraformDocument } from './document.ts';
import { Graph } from './graph.ts';
import { resourcesOfPlan } from './plan.ts';
import { terraformPlan } from './plan-format.ts';
import type { Resource } from './resource.ts';

/** The input cannot be judged: missing, not JSON, or not what Terraform writes. */
export class LoadError extends Error {
  override readonly name = 'LoadError';
}

/** A parsed JSON file with the name its addresses are prefixed with. */
export interface InputFile {
  readonly name: string;
  readonly file: string;
  readonly content: unknown;
}

/**
 * Loads a CDKTF output directory, a file in Terraform's JSON syntax, or a plan from
 * `terraform show -json`.
 *
 * @throws {LoadError} naming the file and what is wrong with it
 */
export async function load(path: string, more: readonly Resource[] = []): Promise<Graph> {
  return graphOf(await readInput(path), more);
}

async function readInput(path: string): Promise<readonly InputFile[]> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new LoadError(`${path} does not exist`);
  return found.isDirectory()
    ? directoryFiles(path)
    : [{ name: '', file: path, content: await readJson(path) }];
}

async function directoryFiles(path: string): Promise<InputFile[]> {
  const manifest = parse(
    cdktfManifest,
    await readJson(join(path, 'manifest.json')),
    join(path, 'manifest.json'),
  );
  return Promise.all(
    Object.values(manifest.stacks).map(async (stack) => {
      const file = join(path, stack.synthesizedStackPath);
      return { name: stack.name, file, content: await readJson(file) };
    }),
  );
}

/**
 * One graph over all files, and over resources that no file holds.
 *
 * @throws {LoadError} when a file is not what Terraform writes
 */
export function graphOf(files: readonly InputFile[], more: readonly Resource[] = []): Graph {
  const configurations: Configuration[] = [];
  const planned: Resource[] = [];
  for (const input of files) {
    if (isPlan(input.content))
      planned.push(
        ...resourcesOfPlan(parse(terraformPlan, input.content, input.file), input.name, input.file),
      );
    else configurations.push(new Configuration(stackSource(input), () => configurations));
  }
  return new Graph([...configurations.flatMap((one) => one.resources()), ...planned, ...more]);
}

function stackSource({ name, file, content }: InputFile): StackSource {
  return { name, file, document: parse(terraformDocument, content, file) };
}

function isPlan(content: unknown): boolean {
  return typeof content === 'object' && content !== null && 'format_version' in content;
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch (error) {
    throw new LoadError(
      `${path} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

function parse<Schema extends z.ZodType>(
  schema: Schema,
  content: unknown,
  path: string,
): z.infer<Schema> {
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new LoadError(
    `${path} is not Terraform's JSON: ${z.prettifyError(parsed.error).split('\n')[0] ?? ''}`,
  );
}
