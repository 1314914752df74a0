import pMap from 'p-map';
import type { Manifest } from '../../contracts/manifest.ts';
import { isHoldfastError, isIntegrity } from '../errors/holdfast-error.ts';
import { createBackupReader } from '../repository/backup-reader.ts';
import {
  checkListing,
  isSuperseded,
  namedObjects,
  type Damage,
  type NamedObject,
} from '../repository/damage.ts';
import { findStrays, type Inventory } from '../repository/inventory.ts';
import { backupPrefix, manifestKey, plainName } from '../repository/layout.ts';
import type { Repository } from '../repository/repository.ts';
import { selectSample, type Sample } from '../repository/sample.ts';
import type { Progress } from '../sources/source.ts';
import { expectDigest } from '../stream/digest.ts';
import { through } from '../stream/transform.ts';
import type { Agent } from './agent.ts';

export interface ReadSummary {
  readonly objects: number;
  readonly bytes: number;
}

export interface CheckedContent {
  readonly damage: readonly Damage[];
  readonly objects: number;
  readonly bytes: number;
  readonly read: ReadSummary;
  readonly unopened: ReadonlySet<string>;
  /** Objects in the backups' places that no manifest names. */
  readonly strays: readonly string[];
}

interface Options {
  readonly sample: Sample | undefined;
  /** With them everything is decrypted and decompressed to its end. */
  readonly identities: readonly string[] | undefined;
  readonly progress: Progress;
}

const parallelReads = 4;

/**
 * Checks the objects that manifests name: all of them against the listing; those of the sample, and
 * those that somebody put another version over, by their content.
 */
export async function checkContent(
  agent: Agent,
  repository: Repository,
  manifests: readonly Manifest[],
  inventory: Inventory,
  { sample, identities, progress }: Options,
): Promise<CheckedContent> {
  const named = manifests.flatMap(namedObjects);
  const damage: Damage[] = [];
  const present: NamedObject[] = [];
  for (const object of named) {
    const found = checkListing(inventory, object);
    if (found) damage.push(found);
    else present.push(object);
  }
  const chosen = chooseReads(agent, repository, present, inventory, identities ? all : sample);
  const bytes = sizeOf(chosen);
  if (chosen.length > 0) progress.step('read', { amount: bytes, unit: 'bytes' });
  const unopened = new Set<string>();
  await pMap(
    chosen,
    async (object) => {
      const found = await readObject(agent, repository, object, identities);
      if (found === 'unopened') unopened.add(object.manifest.id);
      else if (found) damage.push(found);
      progress.advance(object.entry.sizeBytes);
    },
    { concurrency: parallelReads, signal: agent.signal },
  );
  return {
    damage: damage.toSorted((left, right) => (left.key < right.key ? -1 : 1)),
    objects: named.length,
    bytes: sizeOf(named),
    read: { objects: chosen.length, bytes },
    unopened,
    strays: straysOf(manifests, named, inventory),
  };
}

function straysOf(
  manifests: readonly Manifest[],
  named: readonly NamedObject[],
  inventory: Inventory,
): string[] {
  const known = new Set(named.map(({ key }) => key));
  for (const { job, id } of manifests) known.add(manifestKey(job, id));
  const prefixes = manifests.map(({ job, id }) => backupPrefix(job, id));
  return findStrays(inventory, prefixes, known);
}

const all: Sample = { type: 'all' };

function chooseReads(
  agent: Agent,
  repository: Repository,
  present: readonly NamedObject[],
  inventory: Inventory,
  sample: Sample | undefined,
): NamedObject[] {
  const chosen = new Set(sample ? selectSample(present, sample, agent.now()) : []);
  for (const object of present)
    if (isSuperseded(inventory, object, repository.id)) chosen.add(object);
  return [...chosen];
}

function sizeOf(objects: readonly NamedObject[]): number {
  return objects.reduce((sum, { entry }) => sum + entry.sizeBytes, 0);
}

async function readObject(
  agent: Agent,
  repository: Repository,
  object: NamedObject,
  identities: readonly string[] | undefined,
): Promise<Damage | 'unopened' | undefined> {
  const { key, manifest } = object;
  try {
    await (identities
      ? readDeep(agent, repository, object, identities)
      : readShallow(agent, repository, object));
    return undefined;
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    // A wrong identity and a damaged header look alike, but for the digest.
    if (error.code === 'identity-wrong')
      return (await readObject(agent, repository, object, undefined)) ?? 'unopened';
    if (!isIntegrity(error)) throw error;
    // The key is said already.
    const what = error.message.replace(key, '').replace(/^[:\s]+/, '');
    return { kind: 'content', key, backup: manifest.id, what: `${what} (${error.code})` };
  }
}

async function readShallow(
  { signal }: Agent,
  { storage }: Repository,
  { key, entry }: NamedObject,
): Promise<void> {
  await drain(through(await storage.get(key, { signal }), [expectDigest(entry, key)], { signal }));
}

async function readDeep(
  { signal }: Agent,
  { storage }: Repository,
  { manifest, area, entry }: NamedObject,
  identities: readonly string[],
): Promise<void> {
  const reader = createBackupReader(storage, manifest, identities);
  const name = plainName(entry.name);
  await drain(
    await (area === 'meta' ? reader.readMeta(name, signal) : reader.readObject(name, signal)),
  );
}

async function drain(stream: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of stream);
}
