import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAgent } from '../../../backup-agent/composition.ts';
import { parseConfiguration } from '../../../backup-agent/config/load-configuration.ts';
import {
  generateKeys,
  keyNames,
  keysConfiguration,
} from '../../../backup-agent/operations/generate-keys.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

/** What a test changes of the configuration. */
export interface ComposedChanges {
  readonly validUntil?: string;
  readonly repositories?: object;
  readonly stateDirectory?: string;
  readonly source?: object;
}

/**
 * An installation that the real composition opens: job `crm` backs up a small folder to `primary`.
 * Its keys are pinned from `now` on; each agent tells the time of `clock` and keeps its warnings.
 */
export async function composed(now = new Date()) {
  const directory = await temporaryDirectory();
  const at = (...names: string[]) => join(directory.path, ...names);
  const generated = await generateKeys({
    directory: at('keys'),
    names: keyNames,
    postQuantum: false,
    now: () => now,
  });
  await mkdir(at('files'));
  await writeFile(at('files', 'letter.txt'), 'Dear customer');
  const keys = keysConfiguration(generated, now);
  const warnings: string[] = [];
  const news: string[] = [];
  const clock = { now };
  const open = async (changes: ComposedChanges = {}) => {
    const { validUntil, repositories, stateDirectory, source } = changes;
    const until = validUntil === undefined ? {} : { validUntil };
    const value = parseConfiguration(
      JSON.stringify({
        version: 1,
        ...(stateDirectory === undefined ? {} : { stateDirectory }),
        repositories: repositories ?? {
          primary: { type: 'local', path: 'primary' },
          offsite: { type: 'local', path: 'offsite' },
        },
        keys: {
          ...keys,
          identity: { file: at('keys', 'recovery.age-identity') },
          trusted: keys.trusted.map((pin) => ({ ...pin, ...until })),
        },
        jobs: {
          crm: {
            source: source ?? { type: 'files', path: 'files' },
            repository: 'primary',
            retention: { keepWithin: '7d', keepLast: 1 },
          },
        },
      }),
      'holdfast.yaml',
    );
    return await createAgent(
      {
        configFile: 'holdfast.yaml',
        environment: { variables: {}, configFile: undefined, plainOutput: true },
        log: {
          debug() {},
          info: (_, text) => news.push(text),
          warn: (_, text) => warnings.push(text),
          error() {},
        },
        signal: AbortSignal.timeout(120_000),
        now: () => clock.now,
      },
      { file: 'holdfast.yaml', directory: directory.path, value },
    );
  };
  return {
    at,
    open,
    clock,
    warnings,
    news,
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}
