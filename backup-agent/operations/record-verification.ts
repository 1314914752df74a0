import type { CommitSubject } from '../../contracts/commit.ts';
import type { ErrorCode } from '../errors/catalogue.ts';
import { isHoldfastError } from '../errors/holdfast-error.ts';
import type { SigningKey } from '../keys/signing-key.ts';
import { appendCommit, type CommitRecord } from '../repository/commit-log.ts';
import type { Repository } from '../repository/repository.ts';
import type { Agent } from './agent.ts';
import { lockOf } from './locks.ts';
import { readyToSign } from './ready-to-sign.ts';

export interface VerificationRecord {
  readonly recorded: boolean;
  readonly notRecordedBecause?: string;
}

/** Commits what a deep verification found: retention counts what passed. */
export async function recordVerification(
  agent: Agent,
  repository: Repository,
  job: string,
  log: readonly CommitRecord[],
  { passed, failed }: { readonly passed: readonly string[]; readonly failed: readonly string[] },
): Promise<VerificationRecord> {
  if (passed.length + failed.length === 0)
    return { recorded: false, notRecordedBecause: 'there is nothing to record' };
  return await recordAsDrill(agent, repository, job, log, {
    type: 'verification',
    passed: [...passed],
    failed: [...failed],
  });
}

/** Commits what a host found out about backups, signed as evidence is; says so where it has no drill key. */
export async function recordAsDrill(
  agent: Agent,
  repository: Repository,
  job: string,
  log: readonly CommitRecord[],
  subject: Extract<CommitSubject, { type: 'verification' | 'escrow' }>,
): Promise<VerificationRecord> {
  const key = await drillKey(agent);
  if (typeof key === 'string') return { recorded: false, notRecordedBecause: key };
  const extended = await appendCommit(
    {
      repository,
      job,
      subject,
      key,
      by: agent.by,
      now: agent.now,
      signal: agent.signal,
      ...lockOf(agent, job, repository.name),
      stillValid: () => true,
    },
    log,
  );
  await agent.seenCommits.remember(repository, job, extended);
  return { recorded: true };
}

const leavesUnrecorded: ReadonlySet<ErrorCode> = new Set([
  'key-invalid',
  'key-out-of-period',
  'state-unusable',
]);

/** The key, or why this host cannot record: what was verified is told all the same. */
async function drillKey(agent: Agent): Promise<SigningKey | string> {
  try {
    return await readyToSign(agent, 'drill');
  } catch (error) {
    if (!isHoldfastError(error) || !leavesUnrecorded.has(error.code)) throw error;
    return agent.configuration.keys.signing.drill ? error.message : 'this host has no drill key';
  }
}
