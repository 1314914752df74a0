import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import {
  generateKeys,
  keyNames,
  keysConfiguration,
} from '../backup-agent/operations/generate-keys.ts';
import type { Crm } from './crm/crm.ts';

/** The role that the agent signs in as: made by `source prepare`, least privilege. */
export const agentRole = 'holdfast_agent';

export interface Installation {
  readonly configFile: string;
  /** The recovery identity: given to the drill alone, not named in the configuration. */
  readonly identityFile: string;
}

/** Makes keys and writes the configuration of a job group for the CRM, all below `directory`. */
export async function writeInstallation(
  directory: string,
  crm: Crm,
  now: () => Date,
): Promise<Installation> {
  const keys = await generateKeys({
    directory: join(directory, 'keys'),
    names: keyNames,
    postQuantum: false,
    now,
  });
  const [recovery] = keys;
  if (!recovery) throw new TypeError('keys are missing');
  const validFrom = new Date(now().getTime() - 60_000);
  const places = { repository: 'primary', copies: ['offsite'], retention: { keepWithin: '30d' } };
  const configuration = {
    version: 1,
    repositories: {
      primary: { type: 'local', path: 'primary' },
      offsite: { type: 'local', path: 'offsite' },
    },
    keys: keysConfiguration(keys, validFrom),
    jobs: {
      'crm-database': {
        source: { type: 'postgres', url: asAgent(crm.url) },
        ...places,
        objectives: { rpo: '15m', rto: '10m' },
        drill: {
          sandbox: { type: 'local' },
          probes: [
            {
              name: 'the pipeline view answers',
              query: 'SELECT count(*) FROM crm.pipeline',
              expect: { atLeast: 5 },
            },
            {
              name: 'invoice numbers go on',
              query:
                'SELECT (SELECT last_value FROM crm.invoice_number) >= (SELECT max(invoice_number) FROM crm.deals)',
              expect: { equals: true },
            },
          ],
          attachments: {
            job: 'crm-attachments',
            query: 'SELECT path, sha256, size_bytes FROM crm.attachments',
          },
        },
      },
      'crm-attachments': { source: { type: 'files', path: crm.folder }, ...places },
    },
    groups: { crm: ['crm-database', 'crm-attachments'] },
  };
  const configFile = join(directory, 'holdfast.yaml');
  await writeFile(configFile, stringify(configuration, { lineWidth: 0 }), { mode: 0o600 });
  return { configFile, identityFile: recovery.file };
}

function asAgent(url: string): string {
  return url.replace(/^postgres:\/\/[^@]*@/, `postgres://${agentRole}@`);
}
