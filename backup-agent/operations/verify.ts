import type { Manifest } from '../../contracts/manifest.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import type { Damage } from '../repository/damage.ts';
import { prunedSince } from '../repository/backups.ts';
import { readCommitLog, type CommitRecord } from '../repository/commit-log.ts';
import { dependentsOf, impactOf, type Impact, type Linked } from '../repository/impact.ts';
import { takeInventory } from '../repository/inventory.ts';
import type { Repository } from '../repository/repository.ts';
import type { Sample } from '../repository/sample.ts';
import type { Agent, Run } from './agent.ts';
import { damagedContent, type DamagedContent } from './damaged-content.ts';
import { recordVerification } from './record-verification.ts';
import { checkContent, type CheckedContent, type ReadSummary } from './verify-content.ts';
import { checkDocuments, readCheckedLog } from './verify-documents.ts';

export interface VerifyRequest {
  readonly job: string;
  /** The job's own repository unless told. */
  readonly repository?: string;
  /** What to read and digest; nothing: listing, sizes, signatures and chains only. */
  readonly read?: Sample;
  /** Reads everything to the end, decrypted, with the recovery identity; records the result. */
  readonly deep?: boolean;
}

export interface VerifyReport {
  readonly job: string;
  readonly repository: string;
  readonly at: string;
  readonly level: 'listing' | 'read' | 'deep';
  readonly backups: number;
  readonly objects: number;
  readonly bytes: number;
  readonly read: ReadSummary;
  readonly damage: readonly ReportedDamage[];
  /** Backups that do not restore, oldest first. */
  readonly broken: readonly string[];
  /** The newest backup that restores as far as was checked. */
  readonly newestSound?: string;
  readonly sound: number;
  /** Backups that the identity given does not open, so that nothing more is known of them. */
  readonly unopened: readonly string[];
  /** Objects among the backups' own that no manifest names: no damage, but put there by somebody. */
  readonly strays: readonly string[];
  /** Whether the log now holds the result of a deep verification, or why not. */
  readonly recorded: boolean;
  readonly notRecordedBecause?: string;
}

export interface ReportedDamage extends Damage {
  /** Backups that need what is damaged. */
  readonly dependents: readonly string[];
  /** Tables or files in it, where this host may read their names. */
  readonly content?: DamagedContent;
}

/**
 * Checks a job in one repository, and never stops at the first damage. Damage is in the report, not
 * thrown; a commit log that cannot be trusted is thrown (`commit-log-broken` and the errors of its
 * documents), for it says what there should be.
 */
export async function verifyBackups(
  agent: Agent,
  request: VerifyRequest,
  run: Run,
): Promise<VerifyReport> {
  if (request.deep && request.read && request.read.type !== 'all')
    throw new HoldfastError('usage-invalid', 'a deep verification reads all; it takes no sample');
  const name = request.repository ?? agent.job(request.job).repository;
  const repository = await agent.openRepository(name);
  const { signal } = agent;
  run.progress.step('list');
  const log = await readCheckedLog(agent, repository, request.job);
  // Listed after the log is read: what is committed in between is not looked for.
  const inventory = await takeInventory(repository, request.job, signal);
  const documents = await checkDocuments(repository, log, inventory, signal);
  const content = await checkContent(agent, repository, documents.manifests, inventory, {
    sample: request.read,
    identities: request.deep ? await agent.recoveryIdentities() : undefined,
    progress: run.progress,
  });
  const found = [...documents.damage, ...content.damage];
  const damage = await withoutPruned(repository, log, found, signal);
  const impact = impactOf(documents.backups, damage);
  const result = {
    passed: proven(documents.backups, damage, content),
    failed: [...impact.broken.keys()],
  };
  const record = request.deep
    ? await recordVerification(agent, repository, request.job, log, result)
    : { recorded: false };
  const contents = await contentsOfDamage(agent, repository, documents.manifests, damage);
  return {
    ...summary(request, repository, agent.now(), { damage, impact, contents }),
    backups: documents.backups.length,
    objects: content.objects,
    bytes: content.bytes,
    read: content.read,
    unopened: [...content.unopened],
    strays: content.strays,
    ...record,
  };
}

async function contentsOfDamage(
  agent: Agent,
  repository: Repository,
  manifests: readonly Manifest[],
  damage: readonly Damage[],
): Promise<ReadonlyMap<string, DamagedContent>> {
  const hit = new Set(damage.map(({ backup }) => backup));
  const contents = new Map<string, DamagedContent>();
  for (const manifest of manifests.filter(({ id }) => hit.has(id)))
    for (const [key, content] of await damagedContent(agent, repository, manifest, damage))
      contents.set(key, content);
  return contents;
}

/** What a prune removed while we looked is no damage. */
async function withoutPruned(
  repository: Repository,
  log: readonly CommitRecord[],
  damage: readonly Damage[],
  signal: AbortSignal,
): Promise<readonly Damage[]> {
  const [first] = log;
  if (damage.length === 0 || !first) return damage;
  const newer = await readCommitLog(repository, first.commit.job, signal);
  return damage.filter(
    ({ backup }) => backup === undefined || !prunedSince(newer, log.length, backup),
  );
}

/** Passed: read to their end, with every link they hang on. */
function proven(
  backups: readonly Linked[],
  damage: readonly Damage[],
  { unopened }: CheckedContent,
): readonly string[] {
  const unread = [...unopened].map((backup) => ({
    kind: 'content' as const,
    key: backup,
    backup,
    what: 'was not opened',
  }));
  return impactOf(backups, [...damage, ...unread]).sound;
}

interface Found {
  readonly damage: readonly Damage[];
  readonly impact: Impact;
  readonly contents: ReadonlyMap<string, DamagedContent>;
}

function summary(
  request: VerifyRequest,
  repository: Repository,
  now: Date,
  { damage, impact, contents }: Found,
) {
  const newestSound = impact.sound.at(-1);
  return {
    job: request.job,
    repository: repository.name,
    at: now.toISOString(),
    level: request.deep ? 'deep' : request.read ? 'read' : 'listing',
    damage: damage.map((found) => {
      const content = contents.get(found.key);
      return {
        ...found,
        dependents: found.backup === undefined ? [] : dependentsOf(impact, found.backup),
        ...(content ? { content } : {}),
      };
    }),
    broken: [...impact.broken.keys()],
    sound: impact.sound.length,
    ...(newestSound === undefined ? {} : { newestSound }),
  } as const;
}
