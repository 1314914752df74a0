import { HoldfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import { readCommitLog, type CommitRecord } from '../repository/commit-log.ts';
import type { Damage } from '../repository/damage.ts';
import { fetchGood, findGoodVersion, uncover, type Wanted } from '../repository/good-copy.ts';
import { headerKey } from '../repository/layout.ts';
import { isHidden, visible, type Inventory } from '../repository/inventory.ts';
import type { Repository } from '../repository/repository.ts';
import type { Sample } from '../repository/sample.ts';
import type { Agent, Run } from './agent.ts';
import { lockOf } from './locks.ts';
import { uncoverLog } from './repair-log.ts';
import { verifyBackups, type VerifyReport } from './verify.ts';
import { wantedOf } from './wanted.ts';

export interface RepairRequest {
  readonly job: string;
  /** The repository to mend; the job's own unless told. */
  readonly repository?: string;
  /** Where good copies are; without it only what the storage's own versions keep comes back. */
  readonly from?: string;
  /** How much to read in search of damage; all unless told. */
  readonly read?: Sample;
}

export interface RepairOutcome {
  readonly job: string;
  readonly repository: string;
  readonly from?: string;
  readonly repaired: readonly Repair[];
  readonly unrepaired: readonly Unrepaired[];
  /** The repository as it is afterwards. */
  readonly after: VerifyReport;
}

export interface Repair {
  readonly key: string;
  /** `uncovered`: a delete marker or superseding version was taken off; `fetched`: from the copy. */
  readonly how: 'uncovered' | 'fetched';
}

export interface Unrepaired {
  readonly key: string;
  readonly why: string;
}

/**
 * Mends what verify finds: first by taking off what was laid over a good version, then by fetching
 * from another repository. Every byte is held against the digest that the log vouches for before it
 * replaces anything. What cannot be mended stays as it was and is reported. Throws `usage-invalid`
 * where neither versions nor another repository could mend anything.
 */
export async function repairBackups(
  agent: Agent,
  request: RepairRequest,
  run: Run,
): Promise<RepairOutcome> {
  const name = request.repository ?? agent.job(request.job).repository;
  if (name === request.from)
    throw new HoldfastError('usage-invalid', `${name} cannot be repaired from itself`);
  const repository = await agent.openRepository(name);
  const from = request.from === undefined ? undefined : await agent.openRepository(request.from);
  if (!from) await assertKeepsVersions(repository, request.job, agent.signal);
  const check = { job: request.job, repository: name };
  const read = request.read ?? { type: 'all' as const };
  const repaired: Repair[] = await uncoverLog(agent, repository, request.job);
  const log = await readCommitLog(repository, request.job, agent.signal);
  const place = { repository, from, log, job: request.job };
  // The listing first: a manifest that is missing hides what else its backup lacks.
  const listed = await verifyBackups(agent, check, run);
  repaired.push(...(await repairAll(agent, place, listed.damage)).repaired);
  const deeper = await verifyBackups(agent, { ...check, read }, run);
  const { repaired: fetched, unrepaired } = await repairAll(agent, place, deeper.damage);
  repaired.push(...fetched);
  const after = fetched.length === 0 ? deeper : await verifyBackups(agent, { ...check, read }, run);
  const named = request.from === undefined ? {} : { from: request.from };
  return { job: request.job, repository: name, ...named, repaired, unrepaired, after };
}

async function assertKeepsVersions(
  { name, storage }: Repository,
  job: string,
  signal: AbortSignal,
): Promise<void> {
  if ((await storage.stat(headerKey, { signal }))?.version !== undefined) return;
  throw new HoldfastError(
    'usage-invalid',
    `${name} keeps no versions of its objects, so only a copy can mend it`,
    { hint: `name the copy: \`holdfast repair ${job} --from <repository>\`` },
  );
}

async function repairAll(
  agent: Agent,
  place: Place,
  damage: readonly Damage[],
): Promise<Pick<RepairOutcome, 'repaired' | 'unrepaired'>> {
  const repaired: Repair[] = [];
  const unrepaired: Unrepaired[] = [];
  for (const found of damage.toSorted(manifestsFirst)) {
    const result = await repairOne(agent, place, found);
    if ('how' in result) repaired.push(result);
    else unrepaired.push(result);
  }
  return { repaired, unrepaired };
}

function manifestsFirst(left: Damage, right: Damage): number {
  return Number(right.key.endsWith('/manifest.json')) - Number(left.key.endsWith('/manifest.json'));
}

interface Place {
  readonly repository: Repository;
  readonly from: Repository | undefined;
  readonly log: readonly CommitRecord[];
  readonly job: string;
}

async function repairOne(agent: Agent, place: Place, damage: Damage): Promise<Repair | Unrepaired> {
  const { key } = damage;
  try {
    const wanted = await wantedOf(place, damage, agent.signal);
    if (!wanted) return { key, why: 'nothing says what it should be' };
    const inventory = await takeInventoryOf(place.repository, key, agent.signal);
    if (await tryUncover(agent, place.repository, wanted, inventory))
      return { key, how: 'uncovered' };
    return await fetchFrom(agent, place, wanted, inventory);
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return { key, why: `${error.message} (${error.code})` };
  }
}

async function takeInventoryOf(
  { storage }: Repository,
  key: string,
  signal: AbortSignal,
): Promise<Inventory> {
  const versions = await Array.fromAsync(storage.listVersions(key, { signal }));
  return new Map([[key, versions.filter((version) => version.key === key)]]);
}

/** Only what somebody laid over a good version is taken off; a lock on that leaves fetching. */
async function tryUncover(
  { signal }: Agent,
  { storage }: Repository,
  wanted: Wanted,
  inventory: Inventory,
): Promise<boolean> {
  const versions = inventory.get(wanted.key) ?? [];
  if (versions.length < 2 && !isHidden(inventory, wanted.key)) return false;
  const good = await findGoodVersion(storage, wanted, versions, signal);
  if (!good) return false;
  try {
    await uncover(storage, good, versions, signal);
    return true;
  } catch (error) {
    if (isHoldfastError(error, 'storage-locked')) return false;
    throw error;
  }
}

async function fetchFrom(
  agent: Agent,
  { repository, from, job }: Place,
  wanted: Wanted,
  inventory: Inventory,
): Promise<Repair | Unrepaired> {
  const { key } = wanted;
  const { signal } = agent;
  if (!from) return { key, why: 'no good version lies under it; --from names a copy' };
  const object = await from.storage.stat(key, { signal });
  if (!object) return { key, why: `${from.name} does not have it` };
  const present = visible(inventory, key)
    ? await repository.storage.stat(key, { signal })
    : undefined;
  await fetchGood(
    { storage: from.storage, object },
    { storage: repository.storage, present },
    wanted,
    { signal, ...lockOf(agent, job, repository.name) },
  );
  return { key, how: 'fetched' };
}
