import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { makeFolders } from '../make-folders.ts';
import { stateUnusable } from '../repository/state-directory.ts';
import type { Agent } from './agent.ts';

/** What decides where the note of a retired source lies: on the host that runs the job. */
export type RetiringAgent = Pick<Agent, 'directory' | 'configuration'>;

const note = z.strictObject({ job: z.string(), retiredAt: z.iso.datetime() });

/** Throws `source-retired` for a job whose source is out of service. */
export async function assertInService(agent: RetiringAgent, job: string): Promise<void> {
  const since = await retiredAt(agent, job);
  if (since === undefined) return;
  throw new HoldfastError('source-retired', `the source of ${job} is retired since ${since}`, {
    hint: `when its server is ready again: \`holdfast source resume ${job}\``,
  });
}

/** Since when the source of a job is out of service; undefined when it is not. */
export async function retiredAt(agent: RetiringAgent, job: string): Promise<string | undefined> {
  try {
    return note.parse(JSON.parse(await readFile(noteOf(agent, job), 'utf8'))).retiredAt;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw stateUnusable(stateOf(agent), error);
  }
}

function stateOf(agent: RetiringAgent): string {
  return resolve(agent.directory, agent.configuration.stateDirectory);
}

function noteOf(agent: RetiringAgent, job: string): string {
  return join(stateOf(agent), 'retired', `${job}.json`);
}

export async function noteRetired(agent: RetiringAgent, job: string, at: Date): Promise<void> {
  const file = noteOf(agent, job);
  await makeFolders(dirname(file));
  const content = JSON.stringify({ job, retiredAt: at.toISOString() });
  await writeFile(file, content, { mode: 0o600, flush: true });
}

export async function noteInService(agent: RetiringAgent, job: string): Promise<void> {
  await rm(noteOf(agent, job), { force: true });
}
