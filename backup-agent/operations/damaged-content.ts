import { isHoldfastError } from '../errors/holdfast-error.ts';
import type { Manifest } from '../../contracts/manifest.ts';
import { createBackupReader } from '../repository/backup-reader.ts';
import type { Damage } from '../repository/damage.ts';
import { objectKey, plainName } from '../repository/layout.ts';
import type { Repository } from '../repository/repository.ts';
import { showPath, type Entry } from '../sources/files/entry.ts';
import { openIndex } from '../sources/files/index-reader.ts';
import type { ObjectEntry } from '../sources/s3/object-entry.ts';
import { openObjectIndex } from '../sources/s3/object-index.ts';
import { segmentName } from '../sources/files/segment-name.ts';
import { readInventory } from '../sources/postgres/inventory.ts';
import type { BackupReader } from '../sources/source.ts';
import type { Agent } from './agent.ts';

/** Tables or files that lie in a damaged object. */
export interface DamagedContent {
  /** The first of them. */
  readonly names: readonly string[];
  readonly count: number;
}

const shownNames = 20;

/**
 * What the damaged objects of one backup held, by object key, as its own meta tells. Empty where the
 * metadata identity does not open that, or where it is damaged too.
 */
export async function damagedContent(
  agent: Agent,
  repository: Repository,
  manifest: Manifest,
  damage: readonly Damage[],
): Promise<ReadonlyMap<string, DamagedContent>> {
  const keys = new Set(damage.map(({ key }) => key));
  const wanted = new Map(
    manifest.objects.flatMap(({ name }) => {
      const key = objectKey(manifest.job, manifest.id, 'objects', name);
      return keys.has(key) ? [[plainName(name), key] as const] : [];
    }),
  );
  const found = new Map<string, { names: string[]; count: number }>();
  if (wanted.size === 0) return found;
  try {
    const identities = await agent.metadataIdentities();
    const reader = createBackupReader(repository.storage, manifest, identities);
    for await (const { object, name } of contentsOf(manifest, reader, agent.signal)) {
      const key = wanted.get(object);
      if (key === undefined) continue;
      const content = found.get(key) ?? { names: [], count: 0 };
      content.count += 1;
      if (content.names.length < shownNames) content.names.push(name);
      found.set(key, content);
    }
  } catch (error) {
    // Half an answer is better than none, and the damage itself is reported elsewhere.
    if (!isHoldfastError(error)) throw error;
  }
  return found;
}

interface Content {
  readonly object: string;
  readonly name: string;
}

async function* contentsOf(
  manifest: Manifest,
  reader: BackupReader,
  signal: AbortSignal,
): AsyncGenerator<Content> {
  if (manifest.source.kind === 'postgres' && manifest.kind === 'full')
    yield* tables(reader, signal);
  if (manifest.source.kind === 'files') yield* files(reader, signal);
  if (manifest.source.kind === 's3') yield* objects(reader, signal);
}

async function* tables(reader: BackupReader, signal: AbortSignal): AsyncGenerator<Content> {
  const { tables, schema, largeObjects } = await readInventory(reader, signal);
  for (const table of tables)
    for (const object of table.objects) yield { object, name: `${table.schema}.${table.name}` };
  yield { object: schema, name: 'the schema' };
  if (largeObjects.object !== undefined)
    yield { object: largeObjects.object, name: 'the large objects' };
}

async function* files(reader: BackupReader, signal: AbortSignal): AsyncGenerator<Content> {
  await using index = await openIndex(reader, signal, () => undefined);
  for await (const entry of index.entries) if (entry.type !== 'removed') yield* own(reader, entry);
}

async function* objects(reader: BackupReader, signal: AbortSignal): AsyncGenerator<Content> {
  await using index = await openObjectIndex(reader, signal, () => undefined);
  for await (const entry of index.entries) if (entry.type !== 'removed') yield* own(reader, entry);
}

/** The segments of this very backup that an entry has its content in. */
function* own({ id }: BackupReader, entry: Entry | ObjectEntry): Generator<Content> {
  const segments = new Set(
    (entry.extents ?? []).filter(({ backup }) => backup === id).map((e) => e.segment),
  );
  for (const segment of segments)
    yield { object: segmentName(segment), name: showPath(entry.path) };
}
