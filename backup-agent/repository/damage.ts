import type { Manifest, ObjectEntry } from '../../contracts/manifest.ts';
import { isHidden, isTouched, visible, type Inventory } from './inventory.ts';
import { objectKey, type Area } from './layout.ts';

/** Something that is not as the commit log and the manifests say. */
export interface Damage {
  /**
   * `missing`, `hidden` (under a delete marker), `content` (size, digest or encryption), `document`
   * (a manifest, commit or evidence that is not the committed one), `chain` (a link is missing).
   */
  readonly kind: 'missing' | 'hidden' | 'content' | 'document' | 'chain';
  readonly key: string;
  /** The backup it belongs to; absent for commits and evidence. */
  readonly backup?: string;
  readonly what: string;
}

/** One object that a manifest names. */
export interface NamedObject {
  readonly manifest: Manifest;
  readonly area: Area;
  readonly entry: ObjectEntry;
  readonly key: string;
}

export function namedObjects(manifest: Manifest): NamedObject[] {
  return (['objects', 'meta'] as const).flatMap((area) =>
    manifest[area].map((entry) => ({
      manifest,
      area,
      entry,
      key: objectKey(manifest.job, manifest.id, area, entry.name),
    })),
  );
}

/** What the listing alone tells of an object. */
export function checkListing(inventory: Inventory, object: NamedObject): Damage | undefined {
  const { key, entry, manifest } = object;
  const stored = visible(inventory, key);
  const damage = (kind: Damage['kind'], what: string) => ({ kind, key, backup: manifest.id, what });
  if (!stored && isHidden(inventory, key))
    return damage('hidden', 'a delete marker hides it; it is still there');
  if (!stored) return damage('missing', 'is not in the storage');
  if (stored.sizeBytes !== entry.sizeBytes)
    return damage('content', `has ${stored.sizeBytes} of ${entry.sizeBytes} bytes`);
  return undefined;
}

/**
 * Whether another version was put over an object since it was written: then only its content says
 * whether that did harm. The manifest's version counts only in the repository it was written for.
 */
export function isSuperseded(
  inventory: Inventory,
  { key, entry, manifest }: NamedObject,
  repositoryId: string,
): boolean {
  if (!isTouched(inventory, key)) return false;
  const recorded = manifest.repositoryId === repositoryId ? entry.version : undefined;
  return recorded === undefined || visible(inventory, key)?.version !== recorded;
}
