import { HoldfastError } from '../errors/holdfast-error.ts';

/** S3's limit, see "Naming Amazon S3 objects" in the S3 user guide. */
const longestKeyBytes = 1024;
/** NAME_MAX of Linux and macOS file systems. */
const longestSegmentBytes = 255;

/** A local storage keeps unfinished files here; no key may lie in it, in any storage. */
export const reservedSegment = '.holdfast-unfinished';

/**
 * Refuses with `storage-key-invalid` what must not become an object's name: keys come from manifests
 * and listings that may be forged. What passes can be stored and listed by every storage.
 */
export function assertKey(key: string): void {
  const fault = faultOfKey(key);
  if (fault !== undefined) throw invalidKey(key, fault);
}

/** The same for a listing's prefix, which may be empty, and may end within or after a segment. */
export function assertPrefix(prefix: string): void {
  const folder = prefix.slice(0, prefix.lastIndexOf('/'));
  const fault = faultOfText(prefix) ?? (prefix.includes('/') ? faultOfKey(folder) : undefined);
  if (fault !== undefined) throw invalidKey(prefix, fault);
}

export function invalidKey(key: string, fault: string, cause?: unknown): HoldfastError {
  const shown = key.length > 200 ? `${key.slice(0, 200)}…` : key;
  return new HoldfastError('storage-key-invalid', `object key ${JSON.stringify(shown)} ${fault}`, {
    cause,
  });
}

/** Ascending order of the keys' UTF-8 bytes, which JavaScript's own comparison is not. */
export function compareKeys(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

function faultOfKey(key: string): string | undefined {
  const segments = key.split('/');
  if (key === '') return 'is empty';
  if (key.startsWith('/')) return 'is absolute';
  if (segments.includes('')) return 'has an empty segment';
  if (segments.some((segment) => segment === '.' || segment === '..'))
    return 'has a segment that is "." or ".."';
  if (segments[0] === reservedSegment) return 'lies in the folder of unfinished files';
  if (segments.some((segment) => Buffer.byteLength(segment) > longestSegmentBytes))
    return `has a segment of more than ${longestSegmentBytes} bytes`;
  return faultOfText(key);
}

function faultOfText(text: string): string | undefined {
  if (!text.isWellFormed()) return 'is not well-formed Unicode';
  if (/\p{Cc}/u.test(text)) return 'has a control character';
  if (Buffer.byteLength(text) > longestKeyBytes) return `is longer than ${longestKeyBytes} bytes`;
  return undefined;
}
