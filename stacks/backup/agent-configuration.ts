import { SsmParameter } from '@cdktf/provider-aws/lib/ssm-parameter/index.js';
import { z } from 'zod';
import { configuration } from '../../contracts/configuration.ts';
import { placeholdersIn, sandboxUrl, type Place } from '../../contracts/environment/job-checks.ts';
import { job, type Job } from '../../contracts/job.ts';
import type { EnvironmentStack } from '../lib/environment-stack.ts';
import { stackOf } from '../lib/environment-stack.ts';
import type { Site } from './site.ts';
import { secretVariables } from './task-kinds.ts';
import type { Vault } from './vault.ts';

/** Where the sources lie; a source that the environment does not have is absent. */
export type Places = Readonly<Partial<Record<Place, string>>>;

/** Where the file system is mounted, and where tasks may write. */
export const filesPath = '/mnt/files';
export const stateDirectory = '/var/lib/holdfast/state';

/** Systems Manager's advanced parameters end here. */
const longestParameter = 8192;

/** A job that the agent would refuse; it must not be deployed. */
export class JobRefused extends Error {
  override readonly name = 'JobRefused';
}

/** The parameter that holds a job's configuration, in either region. */
export function parameterName({ environment }: EnvironmentStack, jobName: string): string {
  const { project, environment: name } = environment;
  return `/${project}/${name}/agent/jobs/${jobName}`;
}

export interface Rendering {
  readonly vault: Vault;
  readonly offsiteVault: Vault;
  readonly places: Places;
}

/**
 * One job's configuration as the agent reads it: the same for all tasks, each of which is given the
 * secrets of its own duty alone. Throws a JobRefused where the agent's own schema refuses it.
 */
export function renderJob(stack: EnvironmentStack, name: string, rendering: Rendering): string {
  const { jobs, backup } = stack.environment;
  const wanted = jobs[name];
  if (!wanted) throw new RangeError(`there is no job ${name}`);
  const companion = wanted.drill?.attachments?.job;
  const names = [name, ...(companion === undefined ? [] : [companion])];
  const rendered = {
    version: 1,
    stateDirectory,
    repositories: {
      vault: repository(rendering.vault, backup.objectLock),
      offsite: repository(rendering.offsiteVault, backup.objectLock),
    },
    keys: {
      recipients: backup.keys.recipients,
      metadataIdentity: { env: secretVariables['metadata-identity'] },
      signing: {
        writer: { env: secretVariables['writer-key'] },
        drill: { env: secretVariables['drill-key'] },
        curator: { env: secretVariables['pruner-key'] },
      },
      trusted: backup.keys.trusted,
      identity: { env: secretVariables['recovery-identity'] },
    },
    jobs: Object.fromEntries(
      names.flatMap((each) => {
        const one = jobs[each];
        return one ? [[each, filledIn(one, rendering.places)]] : [];
      }),
    ),
  };
  return checked(name, rendered);
}

function repository({ bucket, key, region }: Vault, objectLock: string) {
  return { type: 's3', bucket: bucket.name, region, kmsKeyId: key.arn, objectLock };
}

/** The job in the agent's words again, its placeholders replaced; Terraform sees no other `${`. */
function filledIn(wanted: Job, places: Places): unknown {
  const text = JSON.stringify(z.encode(job, wanted));
  const known = new Set(placeholdersIn(JSON.stringify(wanted.source)));
  return JSON.parse(text, (_, value: unknown) =>
    typeof value === 'string' ? replaced(value, places, known) : value,
  );
}

function replaced(text: string, places: Places, known: ReadonlySet<string>): string {
  return text.replaceAll(/\$\{([^}]*)\}|\$\{|%\{/g, (found, word: string | undefined) => {
    const place = word !== undefined && known.has(word) ? places[word as Place] : undefined;
    // Doubled, Terraform takes them as they are.
    return place ?? `${found[0] ?? ''}${found}`;
  });
}

function checked(name: string, rendered: unknown): string {
  const { error } = configuration.safeParse(rendered);
  if (error)
    throw new JobRefused(
      [
        `job ${name} is refused`,
        ...error.issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`),
      ].join('\n'),
    );
  const text = JSON.stringify(rendered);
  if (text.length > longestParameter)
    throw new JobRefused(
      `job ${name} is refused\n  its configuration has ${text.length} characters, a parameter takes ${longestParameter}`,
    );
  return text;
}

/** Delivers every job to a site, one parameter each. */
export function deliverJobs(site: Site, rendering: Rendering): void {
  const stack = stackOf(site);
  for (const name of Object.keys(stack.environment.jobs))
    new SsmParameter(site, `job-${name}`, {
      ...site.on,
      name: parameterName(stack, name),
      description: `The backup agent's configuration of ${name}`,
      type: 'SecureString',
      keyId: site.key.arn,
      tier: 'Intelligent-Tiering',
      value: renderJob(stack, name, rendering),
    });
}

export { sandboxUrl };
