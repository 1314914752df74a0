import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import {
  generateKeys,
  keyNames,
  keysConfiguration,
} from '../../backup-agent/operations/generate-keys.ts';

export interface JobInstallation {
  readonly configFile: string;
  /** The recovery identity. */
  readonly identityFile: string;
}

/** Keys and a configuration of jobs without anything special, kept in the repository `primary`. */
export async function writeJobInstallation(
  directory: string,
  sources: Readonly<Record<string, object>>,
): Promise<JobInstallation> {
  const keys = await generateKeys({
    directory: join(directory, 'keys'),
    names: keyNames,
    postQuantum: false,
    now: () => new Date(),
  });
  const [recovery] = keys;
  if (!recovery) throw new TypeError('keys are missing');
  const places = { repository: 'primary', retention: { keepWithin: '30d' } };
  const configuration = {
    version: 1,
    repositories: { primary: { type: 'local', path: 'primary' } },
    keys: keysConfiguration(keys, new Date(Date.now() - 60_000)),
    jobs: Object.fromEntries(
      Object.entries(sources).map(([name, source]) => [name, { source, ...places }]),
    ),
  };
  const configFile = join(directory, 'holdfast.yaml');
  await writeFile(configFile, stringify(configuration), { mode: 0o600 });
  return { configFile, identityFile: recovery.file };
}
