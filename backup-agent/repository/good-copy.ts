import { isHoldfastError } from '../errors/holdfast-error.ts';
import { digest, expectDigest } from '../stream/digest.ts';
import { through } from '../stream/transform.ts';
import type { ObjectVersion, Storage, StoredObject } from '../storage/storage.ts';

/** An object as it should be. */
export interface Wanted {
  readonly key: string;
  readonly sha256: string;
}

/** The newest version that has the wanted content, under whatever lies over it. */
export async function findGoodVersion(
  storage: Storage,
  { key, sha256 }: Wanted,
  versions: readonly ObjectVersion[],
  signal: AbortSignal,
): Promise<ObjectVersion | undefined> {
  for (const version of versions) {
    if (version.deleteMarker) continue;
    if ((await sha256Of(storage, key, version.version, signal)) === sha256) return version;
  }
  return undefined;
}

async function sha256Of(
  storage: Storage,
  key: string,
  version: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const content = digest();
  try {
    const body = await storage.get(key, { signal, ...(version === undefined ? {} : { version }) });
    for await (const _ of through(body, [content.transform], { signal }));
  } catch (error) {
    if (isHoldfastError(error, 'storage-object-missing')) return undefined;
    throw error;
  }
  return content.result().sha256;
}

/** Takes off a good version what was put over it. `storage-locked` where a lock forbids that. */
export async function uncover(
  storage: Storage,
  good: ObjectVersion,
  versions: readonly ObjectVersion[],
  signal: AbortSignal,
): Promise<void> {
  for (const { key, version } of versions.slice(0, versions.indexOf(good)))
    await storage.remove(key, { signal, ...(version === undefined ? {} : { version }) });
}

/** Brings an object from a good copy; nothing is stored unless the content is the wanted one. */
export async function fetchGood(
  from: { readonly storage: Storage; readonly object: StoredObject },
  to: { readonly storage: Storage; readonly present: StoredObject | undefined },
  { key, sha256 }: Wanted,
  options: { readonly signal: AbortSignal; readonly lockUntil?: Date },
): Promise<void> {
  const { sizeBytes, version } = from.object;
  const body = await from.storage.get(key, {
    signal: options.signal,
    ...(version === undefined ? {} : { version }),
  });
  const checked = through(body, [expectDigest({ sizeBytes, sha256 }, key)], options);
  await to.storage.put(key, checked, {
    ...options,
    sizeBytes,
    ...(to.present ? { ifMatch: to.present.etag } : { ifAbsent: true }),
  });
}
