import { randomBytes, randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { signerRoles, type SignerRole } from '../../../contracts/commit.ts';
import { configuration } from '../../../contracts/configuration.ts';
import { HoldfastError } from '../../../backup-agent/errors/holdfast-error.ts';
import { generateIdentity, recipientOf } from '../../../backup-agent/keys/identities.ts';
import { generateSigningKey, parseSigningKey } from '../../../backup-agent/keys/signing-key.ts';
import type { Agent } from '../../../backup-agent/operations/agent.ts';
import {
  openOrCreateRepository,
  openRepository,
} from '../../../backup-agent/repository/repository.ts';
import { createSeenCommits } from '../../../backup-agent/repository/seen-commits.ts';
import type { Source } from '../../../backup-agent/sources/source.ts';
import { openLocalStorage } from '../../../backup-agent/storage/local.ts';
import type { Storage } from '../../../backup-agent/storage/storage.ts';
import { silentLog } from '../../support/in-memory-backup.ts';
import { createTestSource } from './test-source.ts';

const keyFile = z.object({
  recovery: z.string(),
  metadata: z.string(),
  signing: z.record(z.enum(signerRoles), z.string()),
});

/** Makes the keys of an installation under `directory`, so that other processes can open it too. */
export async function makeInstallation(directory: string): Promise<void> {
  const keys: z.infer<typeof keyFile> = {
    recovery: (await generateIdentity()).identity,
    metadata: (await generateIdentity()).identity,
    signing: {
      writer: generateSigningKey().privateKeyPem,
      drill: generateSigningKey().privateKeyPem,
      curator: generateSigningKey().privateKeyPem,
    },
  };
  await writeFile(join(directory, 'keys.json'), JSON.stringify(keys));
}

export interface InstallationOptions {
  readonly now?: () => Date;
  readonly signal?: AbortSignal;
  readonly source?: Source;
  /** Where a repository lives; a folder of its name unless told. */
  readonly storage?: (name: string) => Storage;
  /** Fields of the job `crm`, over those that every test has. */
  readonly job?: object;
  readonly repositories?: object;
  readonly by?: string;
  readonly stateDirectory?: string;
}

/** The agent of an installation: job `crm`, repository `primary`, copied to `offsite`. */
export async function openInstallation(
  directory: string,
  options: InstallationOptions = {},
): Promise<Agent> {
  const keys = keyFile.parse(JSON.parse(await readFile(join(directory, 'keys.json'), 'utf8')));
  const signing = (role: SignerRole) => parseSigningKey(keys.signing[role]);
  const parsed = configuration.parse({
    version: 1,
    ...(options.stateDirectory === undefined ? {} : { stateDirectory: options.stateDirectory }),
    repositories: options.repositories ?? {
      primary: { type: 'local', path: 'primary' },
      offsite: { type: 'local', path: 'offsite' },
    },
    keys: {
      recipients: [await recipientOf(keys.recovery)],
      metadataIdentity: { file: 'keys.json' },
      trusted: signerRoles.map((role) => ({
        role,
        publicKey: signing(role).publicKey,
        validFrom: '2020-01-01T00:00:00Z',
      })),
    },
    jobs: {
      crm: {
        source: { type: 'files', path: 'files' },
        repository: 'primary',
        copies: ['offsite'],
        retention: { keepLast: 2 },
        ...options.job,
      },
    },
  });
  const signal = options.signal ?? AbortSignal.timeout(120_000);
  const now = options.now ?? (() => new Date());
  const open = (name: string) => ({
    name,
    storage: options.storage?.(name) ?? openLocalStorage(join(directory, name)),
    trust: parsed.keys.trusted,
    signal,
  });
  const agent: Partial<Agent> = {
    configuration: parsed,
    directory,
    log: silentLog,
    signal,
    now,
    randomBytes,
    by: options.by ?? `test/${process.pid}`,
    seenCommits: createSeenCommits(options.stateDirectory ?? join(directory, 'state')),
    job: (name) => {
      const job = parsed.jobs[name];
      if (!job) throw new HoldfastError('job-unknown', name);
      return job;
    },
    openRepository: (name) => openRepository(open(name)),
    openOrCreateRepository: (name) =>
      openOrCreateRepository({ ...open(name), newId: randomUUID, now }),
    source: async () => options.source ?? createTestSource(),
    signingKey: async (role) => signing(role),
    recipients: async () => {
      const objects = parsed.keys.recipients;
      return { objects, meta: [...objects, await recipientOf(keys.metadata)] };
    },
    metadataIdentities: async () => [keys.metadata],
    recoveryIdentities: async () => [keys.recovery],
    async [Symbol.asyncDispose]() {},
  };
  // What only restores, drills and preparations ask for is left out: they have tests of their own.
  return agent as Agent;
}
