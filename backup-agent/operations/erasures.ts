import { buffer } from 'node:stream/consumers';
import type { Erasure } from '../../contracts/erasure.ts';
import { HoldfastError, isHoldfastError, type Problem } from '../errors/holdfast-error.ts';
import type { SigningKey } from '../keys/signing-key.ts';
import { newBackupId } from '../repository/backup-id.ts';
import { appendCommit, type CommitRecord } from '../repository/commit-log.ts';
import { erasureDocument, sealDocument } from '../repository/documents.ts';
import { erasuresIn, readStoredErasure } from '../repository/erasures.ts';
import { erasureKey } from '../repository/layout.ts';
import type { Repository } from '../repository/repository.ts';
import { createDocument } from '../repository/small-objects.ts';
import { compress } from '../stream/compress.ts';
import { sha256Hex } from '../stream/digest.ts';
import { encrypt } from '../stream/encrypt.ts';
import { through } from '../stream/transform.ts';
import { readyToSign } from './ready-to-sign.ts';
import type { Agent } from './agent.ts';
import { readLogOnly } from './history.ts';
import { askForLedger } from './ledger.ts';
import { lockOf } from './locks.ts';

export interface ErasureRequest {
  readonly job: string;
  readonly subject: string;
  readonly steps: Erasure['steps'];
  /** When the person was gone from the source; now, unless told. */
  readonly erasedAt?: Date;
  readonly reason?: string;
}

export interface RecordedErasure {
  readonly id: string;
  /** Where the request stands now. */
  readonly repositories: readonly string[];
  /** Where it could not be brought, and why; the next copy brings it. */
  readonly missing: readonly { readonly repository: string; readonly why: string }[];
}

/**
 * Records that a person was erased, signed by the curator, in the job's repository and then in every
 * copy. The request is personal data itself: it is encrypted as `meta/` is, and the log names only
 * its digest. A copy that cannot be reached does not undo the rest.
 */
export async function recordErasure(
  agent: Agent,
  request: ErasureRequest,
): Promise<RecordedErasure> {
  if (agent.job(request.job).source.type !== 'postgres')
    throw new HoldfastError('usage-invalid', `job ${request.job} backs up no PostgreSQL database`, {
      hint: 'the ledger is replayed in databases; delete files at the source, and what was restored by hand',
    });
  const key = await readyToSign(agent, 'curator');
  const now = agent.now();
  const erasedAt = request.erasedAt ?? now;
  if (erasedAt > now)
    throw new HoldfastError('usage-invalid', 'the time of the erasure lies in the future');
  const erasure: Erasure = {
    format: 'holdfast-erasure/1',
    job: request.job,
    id: newBackupId(now, agent.randomBytes),
    erasedAt: erasedAt.toISOString(),
    recordedAt: now.toISOString(),
    by: agent.by,
    subject: request.subject,
    ...(request.reason === undefined ? {} : { reason: request.reason }),
    steps: request.steps,
  };
  const { meta } = await agent.recipients();
  const signed = sealDocument(erasureDocument, erasure, key);
  const stored = await buffer(through([signed], [compress(), encrypt(meta)]));
  return await bringEverywhere(agent, erasure, stored, key);
}

async function bringEverywhere(
  agent: Agent,
  { job, id }: Erasure,
  stored: Uint8Array,
  key: SigningKey,
): Promise<RecordedErasure> {
  const { repository: own, copies } = agent.job(job);
  const repositories: string[] = [];
  const missing: { repository: string; why: string }[] = [];
  for (const name of [own, ...copies]) {
    try {
      const repository = await agent.openRepository(name);
      const log = await readLogOnly(agent, repository, job);
      await storeErasure(agent, repository, { job, id, stored, key, log });
      repositories.push(name);
    } catch (error) {
      // The job's own repository is where copies find what they lack.
      if (name === own || !isHoldfastError(error) || agent.signal.aborted) throw error;
      missing.push({ repository: name, why: error.message });
    }
  }
  return { id, repositories, missing };
}

interface Storing {
  readonly job: string;
  readonly id: string;
  readonly stored: Uint8Array;
  readonly key: SigningKey;
  readonly log: readonly CommitRecord[];
}

async function storeErasure(
  agent: Agent,
  repository: Repository,
  { job, id, stored, key, log }: Storing,
): Promise<readonly CommitRecord[]> {
  const { by, now, signal } = agent;
  const lock = lockOf(agent, job, repository.name);
  await createDocument(repository.storage, erasureKey(job, id), stored, { signal, ...lock });
  const subject = { type: 'erasure', id, digest: sha256Hex(stored) } as const;
  const stillValid = (theirs: readonly CommitRecord[]) =>
    !erasuresIn(theirs).some((other) => other.id === id);
  const extended = await appendCommit(
    { repository, job, subject, key, by, now, signal, ...lock, stillValid },
    log,
  );
  await agent.seenCommits.remember(repository, job, extended);
  return extended;
}

/** Brings the requests that a copy's ledger lacks into it, as ciphertext; returns its log after that. */
export async function carryErasures(
  agent: Agent,
  job: string,
  from: { readonly repository: Repository; readonly log: readonly CommitRecord[] },
  to: { readonly repository: Repository; readonly log: readonly CommitRecord[] },
): Promise<readonly CommitRecord[]> {
  const known = new Set(erasuresIn(to.log).map(({ id }) => id));
  let { log } = to;
  for (const named of erasuresIn(from.log).filter(({ id }) => !known.has(id))) {
    const stored = await readStoredErasure(from.repository, named, agent.signal);
    const key = await agent.signingKey('writer');
    log = await storeErasure(agent, to.repository, { job, id: named.id, stored, key, log });
  }
  return log;
}

export interface ListedErasure {
  readonly erasure: Erasure;
  readonly repositories: readonly string[];
  /** Repositories whose ledger lacks it. */
  readonly missing: readonly string[];
}

/**
 * The ledger of every repository of a job, opened with the metadata identity; oldest first. Copies
 * that were never made are left out; whatever else cannot be read is told, and the rest is listed.
 */
export async function listErasures(
  agent: Agent,
  job: string,
): Promise<{ readonly requests: ListedErasure[]; readonly unread: readonly Problem[] }> {
  const identities = await agent.metadataIdentities();
  const found = new Map<string, { erasure: Erasure; repositories: string[] }>();
  const { repository: own, copies } = agent.job(job);
  const read: string[] = [];
  const unread: Problem[] = [];
  for (const name of [own, ...copies]) {
    const answer = await askForLedger(agent, { job, name, identities });
    if (answer.state === 'unread') unread.push({ where: name, what: answer.why });
    if (answer.state !== 'read') continue;
    read.push(name);
    for (const erasure of answer.requests) {
      const entry = found.get(erasure.id) ?? { erasure, repositories: [] };
      entry.repositories.push(name);
      found.set(erasure.id, entry);
    }
  }
  const requests = [...found.values()]
    .toSorted((left, right) => (left.erasure.id < right.erasure.id ? -1 : 1))
    .map((entry) => ({
      ...entry,
      missing: read.filter((name) => !entry.repositories.includes(name)),
    }));
  return { requests, unread };
}
