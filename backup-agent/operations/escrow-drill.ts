import type { Manifest } from '../../contracts/manifest.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { recipientOf } from '../keys/identities.ts';
import { recipientFingerprint } from '../keys/recipients.ts';
import { readNewestChain } from '../repository/backups.ts';
import type { CommitRecord } from '../repository/commit-log.ts';
import type { Damage } from '../repository/damage.ts';
import { takeInventory } from '../repository/inventory.ts';
import type { Repository } from '../repository/repository.ts';
import type { Agent, Run } from './agent.ts';
import { recordAsDrill, type VerificationRecord } from './record-verification.ts';
import { checkContent, type ReadSummary } from './verify-content.ts';
import { readCheckedLog } from './verify-documents.ts';

export interface EscrowDrillRequest {
  readonly job: string;
  /** The job's own repository unless told. */
  readonly repository?: string;
}

export interface EscrowDrillReport extends VerificationRecord {
  readonly job: string;
  readonly repository: string;
  readonly at: string;
  /** The newest backup, and with it all that it hangs on. */
  readonly backup: string;
  readonly chain: readonly string[];
  /** The recipient whose identity was tried: SHA-256 of its text, as manifests name it. */
  readonly recipient: string;
  /** What the configuration calls the recipient; absent when it does not name it any more. */
  readonly configuredAs?: string;
  readonly read: ReadSummary;
  readonly damage: readonly Damage[];
  /** The backup was written on this very host: then little is proven of the place of escrow. */
  readonly onWritersHost: boolean;
}

/**
 * Proves that an identity from escrow opens the newest backup and everything it hangs on, reading
 * each object to its end, and records it in the log where nothing was damaged. Throws
 * `identity-missing`, `identity-wrong` when no identity given is one that these backups were made
 * for, and `backup-unknown` when there is none.
 */
export async function drillEscrow(
  agent: Agent,
  request: EscrowDrillRequest,
  run: Run,
): Promise<EscrowDrillReport> {
  const { job } = request;
  const identities = await agent.recoveryIdentities();
  const repository = await agent.openRepository(request.repository ?? agent.job(job).repository);
  const log = await readCheckedLog(agent, repository, job);
  const chain = await newestChain(repository, log, job, agent.signal);
  const { identity, recipient } = await openerOf(identities, chain);
  run.progress.step('list');
  const inventory = await takeInventory(repository, job, agent.signal);
  const { damage, read } = await checkContent(agent, repository, chain, inventory, {
    sample: undefined,
    identities: [identity],
    progress: run.progress,
  });
  const backup = chain.at(-1)?.id ?? '';
  const record =
    damage.length > 0
      ? { recorded: false, notRecordedBecause: 'objects are damaged' }
      : await recordAsDrill(agent, repository, job, log, { type: 'escrow', id: backup, recipient });
  const index = agent.configuration.keys.recipients.map(recipientFingerprint).indexOf(recipient);
  return {
    job,
    repository: repository.name,
    at: agent.now().toISOString(),
    backup,
    chain: chain.map(({ id }) => id),
    recipient,
    ...(index < 0 ? {} : { configuredAs: `keys.recipients[${index}]` }),
    read,
    damage,
    onWritersHost: hostOf(agent.by) === hostOf(writerOf(log, backup)),
    ...record,
  };
}

async function newestChain(
  repository: Repository,
  log: readonly CommitRecord[],
  job: string,
  signal: AbortSignal,
): Promise<readonly Manifest[]> {
  const chain = await readNewestChain(repository, log, signal);
  if (chain.length === 0)
    throw new HoldfastError('backup-unknown', `${repository.name} has no backup of job ${job} yet`);
  return chain.map(({ manifest }) => manifest);
}

/** The identity that all links were made for, by the fingerprints in their manifests. */
async function openerOf(
  identities: readonly string[],
  chain: readonly Manifest[],
): Promise<{ readonly identity: string; readonly recipient: string }> {
  for (const identity of identities) {
    const recipient = recipientFingerprint(await recipientOf(identity));
    if (chain.every(({ recipients }) => recipients.objects.includes(recipient)))
      return { identity, recipient };
  }
  const foreign = chain.at(-1)?.id ?? '';
  throw new HoldfastError(
    'identity-wrong',
    `backup ${foreign} and what it hangs on were not made for the identity given`,
    { hint: '`holdfast keys status` says which recipient opens which backups' },
  );
}

function writerOf(log: readonly CommitRecord[], id: string): string {
  const commit = log.findLast(
    ({ commit: { subject } }) => subject.type === 'backup' && subject.id === id,
  );
  return commit?.commit.by ?? '';
}

/** `by` is host and process. */
function hostOf(by: string): string {
  return by.slice(0, by.lastIndexOf('/'));
}
