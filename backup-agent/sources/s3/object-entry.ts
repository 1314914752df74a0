import type { Extent } from '../files/entry.ts';

/** One object of a bucket, as its newest version is. */
export interface ObjectEntry {
  readonly type: 'object';
  /** The key's UTF-8 bytes, below the source's prefix; S3 sorts by them. */
  readonly path: Buffer;
  readonly sizeBytes: number;
  readonly etag: string;
  /** Where the bucket keeps versions. */
  readonly version?: string;
  readonly modifiedAt: string;
  readonly contentType?: string;
  /** Cache-Control, Content-Disposition, -Encoding and -Language, by their names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
  /** Keyed hash of the content, base64url. */
  readonly digest?: string;
  readonly extents?: readonly Extent[];
}

export interface ObjectRemoval {
  readonly type: 'removed';
  readonly path: Buffer;
}

export function removalOf({ path }: ObjectEntry): ObjectRemoval {
  return { type: 'removed', path };
}

/** The same version of the same object; where none are kept, ETag, size and time decide. */
export function sameObject(left: ObjectEntry, right: ObjectEntry): boolean {
  return (
    left.etag === right.etag &&
    left.sizeBytes === right.sizeBytes &&
    left.version === right.version &&
    left.modifiedAt === right.modifiedAt
  );
}
