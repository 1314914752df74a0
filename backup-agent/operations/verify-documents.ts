import pMap from 'p-map';
import type { Manifest } from '../../contracts/manifest.ts';
import { isHoldfastError, isIntegrity, HoldfastError } from '../errors/holdfast-error.ts';
import { existingBackups, readManifest } from '../repository/backups.ts';
import { readCommitLog, type CommitRecord } from '../repository/commit-log.ts';
import type { Damage } from '../repository/damage.ts';
import { erasuresIn, readStoredErasure } from '../repository/erasures.ts';
import { readEvidenceOf } from '../repository/evidence.ts';
import type { Linked } from '../repository/impact.ts';
import { isHidden, isTouched, takeInventory, type Inventory } from '../repository/inventory.ts';
import { commitsPrefix, erasureKey, evidenceKey, manifestKey } from '../repository/layout.ts';
import type { Repository } from '../repository/repository.ts';
import type { Agent } from './agent.ts';

export interface CheckedDocuments {
  /** Every backup of the log, oldest first, whether its manifest is good or not. */
  readonly backups: readonly Linked[];
  /** The good ones. */
  readonly manifests: readonly Manifest[];
  readonly damage: readonly Damage[];
}

const parallelReads = 16;

/** The log, compared with what this host has seen. Where it is broken, what hides its commits is named. */
export async function readCheckedLog(
  agent: Agent,
  repository: Repository,
  job: string,
): Promise<readonly CommitRecord[]> {
  try {
    const log = await readCommitLog(repository, job, agent.signal);
    await agent.seenCommits.assertNotRolledBack(repository, job, log);
    await agent.seenCommits.remember(repository, job, log);
    return log;
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    const inventory = await takeInventory(repository, job, agent.signal);
    const touched = touchedCommits(inventory, job);
    if (touched.length === 0) throw error;
    throw new HoldfastError(error.code, error.message, {
      cause: error,
      problems: touched.map(({ key, what }) => ({ where: key, what })),
      hint: 'holdfast repair lifts delete markers and superseding versions off the log',
    });
  }
}

/** Commits are written once: a second version, or a marker, was put there by somebody else. */
export function touchedCommits(inventory: Inventory, job: string): Damage[] {
  return [...inventory.keys()].flatMap((key): Damage[] => {
    if (!key.startsWith(commitsPrefix(job)) || !isTouched(inventory, key)) return [];
    return isHidden(inventory, key)
      ? [{ kind: 'hidden', key, what: 'a delete marker hides this commit' }]
      : [{ kind: 'document', key, what: 'another version was put over this commit' }];
  });
}

/** Checks every manifest and evidence that the log names, and the chains they make. */
export async function checkDocuments(
  repository: Repository,
  log: readonly CommitRecord[],
  inventory: Inventory,
  signal: AbortSignal,
): Promise<CheckedDocuments> {
  const job = log[0]?.commit.job ?? '';
  const damage: Damage[] = touchedCommits(inventory, job);
  const manifests: Manifest[] = [];
  const known = existingBackups(log).toSorted((left, right) => (left.id < right.id ? -1 : 1));
  const read = await pMap(
    known,
    async ({ job, id, digest }) => {
      const key = manifestKey(job, id);
      const look = () => readManifest(repository, job, id, digest, signal);
      return await tried(look, { key, backup: id }, inventory);
    },
    { concurrency: parallelReads, signal },
  );
  for (const { value, damage: found } of read) {
    if (value) manifests.push(value);
    if (found) damage.push(found);
  }
  damage.push(...brokenLinks(manifests, new Set(known.map(({ id }) => id))));
  damage.push(...(await checkEvidence(repository, log, inventory, signal)));
  damage.push(...(await checkErasures(repository, log, inventory, signal)));
  const byId = new Map(manifests.map((manifest) => [manifest.id, manifest]));
  return {
    backups: known.map(({ id }) => ({ id, parent: byId.get(id)?.parent })),
    manifests,
    damage,
  };
}

async function checkEvidence(
  repository: Repository,
  log: readonly CommitRecord[],
  inventory: Inventory,
  signal: AbortSignal,
): Promise<Damage[]> {
  const named = log.filter(({ commit }) => commit.subject.type === 'evidence');
  const read = await pMap(
    named,
    async (record) => {
      const { subject, job } = record.commit;
      const key = evidenceKey(job, subject.type === 'evidence' ? subject.id : '');
      return await tried(() => readEvidenceOf(repository, record, signal), { key }, inventory);
    },
    { concurrency: parallelReads, signal },
  );
  return read.flatMap(({ damage }) => (damage ? [damage] : []));
}

/** The ledger's requests are what the log names; what they say is encrypted. */
async function checkErasures(
  repository: Repository,
  log: readonly CommitRecord[],
  inventory: Inventory,
  signal: AbortSignal,
): Promise<Damage[]> {
  const read = await pMap(
    erasuresIn(log),
    async (named) => {
      const key = erasureKey(named.job, named.id);
      return await tried(() => readStoredErasure(repository, named, signal), { key }, inventory);
    },
    { concurrency: parallelReads, signal },
  );
  return read.flatMap(({ damage }) => (damage ? [damage] : []));
}

/** A failure of integrity becomes damage; any other stops the verification. */
async function tried<Value>(
  look: () => Promise<Value>,
  place: Pick<Damage, 'key' | 'backup'>,
  inventory: Inventory,
): Promise<{ value?: Value; damage?: Damage }> {
  try {
    return { value: await look() };
  } catch (error) {
    if (!isHoldfastError(error) || !isIntegrity(error)) throw error;
    if (isHidden(inventory, place.key))
      return { damage: { ...place, kind: 'hidden', what: 'a delete marker hides it' } };
    const missing = error.code === 'storage-object-missing';
    return {
      damage: {
        ...place,
        kind: missing ? 'missing' : 'document',
        what: `${error.message} (${error.code})`,
      },
    };
  }
}

/** Links to backups that the log does not have, or of another chain. */
function brokenLinks(manifests: readonly Manifest[], known: ReadonlySet<string>): Damage[] {
  const byId = new Map(manifests.map((manifest) => [manifest.id, manifest]));
  return manifests.flatMap(({ job, id, kind, parent, base }): Damage[] => {
    const place = { kind: 'chain', key: manifestKey(job, id), backup: id } as const;
    if (kind === 'full')
      return base === id ? [] : [{ ...place, what: `a full that names ${base} as its base` }];
    if (parent === undefined || !known.has(parent))
      return [{ ...place, what: `hangs on ${parent ?? 'nothing'}, which does not exist` }];
    const above = byId.get(parent);
    return above && above.base !== base
      ? [{ ...place, what: `hangs on ${parent}, which belongs to another chain` }]
      : [];
  });
}
