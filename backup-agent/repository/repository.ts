import { readFile } from 'node:fs/promises';
import { repositoryHeader, type RepositoryHeader } from '../../contracts/repository.ts';
import { HoldfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import type { TrustedKey } from '../keys/trust.ts';
import type { Storage } from '../storage/storage.ts';
import { headerKey, recoverKey } from './layout.ts';
import { parseJson, readSmall } from './small-objects.ts';

/** The one version this program writes; it reads every version up to it. */
const formatVersion = 1;

export interface Repository {
  /** As the configuration calls it. */
  readonly name: string;
  readonly id: string;
  readonly storage: Storage;
  /** Whose signatures are accepted here. */
  readonly trust: readonly TrustedKey[];
}

export interface OpenOptions {
  readonly name: string;
  readonly storage: Storage;
  readonly trust: readonly TrustedKey[];
  readonly signal: AbortSignal;
}

/**
 * Opens a repository. Throws `repository-not-found` where none is and `repository-version` where
 * only a newer program can read it.
 */
export async function openRepository(options: OpenOptions): Promise<Repository> {
  const { name, storage, trust, signal } = options;
  if (!(await storage.stat(headerKey, { signal })))
    throw new HoldfastError(
      'repository-not-found',
      `there is no repository at ${storage.location} (${name})`,
    );
  const header = await readHeader(storage, signal);
  return { name, id: header.repositoryId, storage, trust };
}

/**
 * Opens a repository, or makes one where nothing is yet. Two creators at once agree on the one that
 * came first. A place that holds other things is refused with `repository-not-found`.
 */
export async function openOrCreateRepository(options: CreateOptions): Promise<Repository> {
  const { storage, signal } = options;
  if (await storage.stat(headerKey, { signal })) return openRepository(options);
  await refuseForeignContent(storage, signal);
  await options.beforeCreation?.();
  const id = options.newId();
  await createHeader(options, id);
  const repository = await openRepository(options);
  if (repository.id === id) options.onCreated?.(repository);
  return repository;
}

export interface CreateOptions extends OpenOptions {
  readonly newId: () => string;
  readonly now: () => Date;
  /** Keeps a new repository from being made by throwing. */
  readonly beforeCreation?: () => Promise<void>;
  /** Told of a repository that was made here and now. */
  readonly onCreated?: (repository: Repository) => void;
}

/** Throws `repository-not-found` where other things are than a repository or its beginnings. */
export async function refuseForeignContent(storage: Storage, signal: AbortSignal): Promise<void> {
  for await (const object of storage.list('', { signal })) {
    if (object.key === headerKey || object.key === recoverKey) continue;
    throw new HoldfastError(
      'repository-not-found',
      `${storage.location} is not a repository, and not empty: it holds ${JSON.stringify(object.key)}`,
      { hint: 'name an empty place for a new repository, or check the location of the old one' },
    );
  }
}

/** RECOVER.md first: where a header stands, the way back is already written down. */
async function createHeader(
  { storage, signal, now }: CreateOptions,
  repositoryId: string,
): Promise<void> {
  const header: RepositoryHeader = {
    format: 'holdfast-repository',
    version: formatVersion,
    repositoryId,
    createdAt: now().toISOString(),
  };
  const recover = await readFile(new URL('recover.md', import.meta.url));
  await createOnce(storage, recoverKey, recover, signal);
  await createOnce(storage, headerKey, Buffer.from(`${JSON.stringify(header, null, 2)}\n`), signal);
}

async function createOnce(
  storage: Storage,
  key: string,
  body: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  try {
    await storage.put(key, body, { ifAbsent: true, signal });
  } catch (error) {
    if (!isHoldfastError(error, 'storage-object-exists')) throw error;
  }
}

async function readHeader(storage: Storage, signal: AbortSignal): Promise<RepositoryHeader> {
  const bytes = await readSmall(storage, headerKey, { signal });
  const header = parseJson(repositoryHeader, bytes, `${storage.location}: ${headerKey}`);
  if (header.version > formatVersion)
    throw new HoldfastError(
      'repository-version',
      `${storage.location} has format version ${header.version}; this program knows up to ${formatVersion}`,
    );
  return header;
}
