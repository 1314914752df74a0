import {
  GetObjectCommand,
  GetObjectTaggingCommand,
  ListObjectVersionsCommand,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  type ListObjectVersionsCommandOutput,
} from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import type { ObjectEntry } from './object-entry.ts';

export interface BucketOptions {
  readonly bucket: string;
  /** Only keys that start so; what follows it is the object's path. Empty unless told. */
  readonly prefix?: string | undefined;
  readonly region?: string | undefined;
  /** For stores other than AWS. */
  readonly endpoint?: string | undefined;
  readonly pathStyle?: boolean | undefined;
  /** Of the AWS configuration; without one, AWS's own search order finds the credentials. */
  readonly profile?: string | undefined;
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

export interface FetchedObject {
  /** As the answer described it: listing and answer may be of different moments. */
  readonly entry: ObjectEntry;
  readonly body: AsyncIterable<Uint8Array>;
}

const attempts = 4;

/** A bucket of attachments: what a source reads, and a restore writes. */
export class Bucket implements Disposable {
  readonly location: string;
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;

  constructor(options: BucketOptions) {
    const { bucket, prefix = '', endpoint, pathStyle = false, profile, credentials } = options;
    // Stores other than AWS seldom care for the region, but a signature needs one.
    const region = options.region ?? (endpoint === undefined ? undefined : 'us-east-1');
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.location = `s3://${bucket}/${prefix}`;
    this.#client = new S3Client({
      ...(region === undefined ? {} : { region }),
      ...(profile === undefined ? {} : { profile }),
      forcePathStyle: pathStyle,
      maxAttempts: attempts,
      // Content is held against a digest of ours; a check in the client would refuse ranges.
      responseChecksumValidation: 'WHEN_REQUIRED',
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(credentials ? { credentials } : {}),
    });
  }

  /** The newest version of each object, in the order of the keys' bytes. */
  async *list(signal: AbortSignal): AsyncGenerator<ObjectEntry> {
    let markers: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
    while (markers) {
      const page: ListObjectVersionsCommandOutput = await this.#send('list', () =>
        this.#client.send(
          new ListObjectVersionsCommand({
            Bucket: this.#bucket,
            Prefix: this.#prefix,
            EncodingType: 'url',
            ...markers,
          }),
          { abortSignal: signal },
        ),
      );
      for (const { Key, IsLatest, Size, ETag, VersionId, LastModified } of page.Versions ?? []) {
        const key = Key === undefined ? '' : decodeURIComponent(Key.replaceAll('+', ' '));
        if (!IsLatest || key.length <= this.#prefix.length) continue;
        yield {
          type: 'object',
          path: Buffer.from(key.slice(this.#prefix.length)),
          sizeBytes: Size ?? 0,
          etag: ETag ?? '',
          ...versionOf(VersionId),
          modifiedAt: (LastModified ?? new Date(0)).toISOString(),
        };
      }
      const { IsTruncated, NextKeyMarker, NextVersionIdMarker } = page;
      markers = IsTruncated
        ? {
            KeyMarker: decodeURIComponent((NextKeyMarker ?? '').replaceAll('+', ' ')),
            ...(NextVersionIdMarker === undefined ? {} : { VersionIdMarker: NextVersionIdMarker }),
          }
        : undefined;
    }
  }

  /** Undefined when the object is gone. A body that breaks off is taken up where it broke. */
  async fetch(path: Buffer, signal: AbortSignal): Promise<FetchedObject | undefined> {
    const key = this.#key(path);
    const input = { Bucket: this.#bucket, Key: key };
    try {
      const answer = await this.#send(key, () =>
        this.#client.send(new GetObjectCommand(input), { abortSignal: signal }),
      );
      const { ContentType, Metadata, ContentLength, ETag, VersionId, LastModified } = answer;
      const tags = answer.TagCount ? await this.#tags(key, VersionId, signal) : undefined;
      const entry: ObjectEntry = {
        type: 'object',
        path,
        sizeBytes: ContentLength ?? 0,
        etag: ETag ?? '',
        ...versionOf(VersionId),
        modifiedAt: (LastModified ?? new Date(0)).toISOString(),
        ...(ContentType === undefined ? {} : { contentType: ContentType }),
        ...(Metadata && Object.keys(Metadata).length > 0 ? { metadata: Metadata } : {}),
        ...(tags ? { tags } : {}),
      };
      return { entry, body: this.#body(key, entry, answer.Body, signal) };
    } catch (error) {
      if (error instanceof HoldfastError && error.cause instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  /** Creates the object, or a newer version of it; at most 5 GiB, S3's limit for one put. */
  async put(
    entry: ObjectEntry,
    open: () => Readable,
    options: { readonly replace: boolean; readonly signal: AbortSignal },
  ): Promise<'stored' | 'exists'> {
    const key = this.#key(entry.path);
    const { contentType, metadata, tags } = entry;
    try {
      await this.#client.send(
        new PutObjectCommand({
          Bucket: this.#bucket,
          Key: key,
          Body: open(),
          ContentLength: entry.sizeBytes,
          ...(contentType === undefined ? {} : { ContentType: contentType }),
          ...(metadata ? { Metadata: { ...metadata } } : {}),
          ...(tags ? { Tagging: new URLSearchParams(tags).toString() } : {}),
          ...(options.replace ? {} : { IfNoneMatch: '*' }),
        }),
        { abortSignal: options.signal },
      );
      return 'stored';
    } catch (error) {
      options.signal.throwIfAborted();
      if (statusOf(error) === 412 && !options.replace) return 'exists';
      throw this.#failure(key, error);
    }
  }

  [Symbol.dispose](): void {
    this.#client.destroy();
  }

  #key(path: Buffer): string {
    return this.#prefix + path.toString('utf8');
  }

  async *#body(
    key: string,
    { sizeBytes, etag, version }: ObjectEntry,
    first: unknown,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    let body = first;
    let position = 0;
    for (let attempt = 1; ; attempt++) {
      try {
        if (!(body instanceof Readable)) return;
        for await (const chunk of body) {
          position += chunk.length;
          yield chunk;
        }
        if (position === sizeBytes) return;
        throw new Error(`the body ended after ${position} of ${sizeBytes} bytes`);
      } catch (error) {
        signal.throwIfAborted();
        if (attempt >= attempts) throw this.#failure(key, error);
      }
      const range = `bytes=${position}-`;
      const again = await this.#send(key, () =>
        this.#client.send(
          new GetObjectCommand({
            Bucket: this.#bucket,
            Key: key,
            Range: range,
            IfMatch: etag,
            ...(version === undefined ? {} : { VersionId: version }),
          }),
          { abortSignal: signal },
        ),
      );
      body = again.Body;
    }
  }

  async #tags(
    key: string,
    version: string | undefined,
    signal: AbortSignal,
  ): Promise<Record<string, string>> {
    const { TagSet = [] } = await this.#send(key, () =>
      this.#client.send(
        new GetObjectTaggingCommand({
          Bucket: this.#bucket,
          Key: key,
          ...(version === undefined ? {} : { VersionId: version }),
        }),
        { abortSignal: signal },
      ),
    );
    return Object.fromEntries(TagSet.map(({ Key = '', Value = '' }) => [Key, Value]));
  }

  async #send<T>(what: string, request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      if (error instanceof Error && error.name === 'AbortError') throw error;
      throw this.#failure(what, error);
    }
  }

  #failure(what: string, cause: unknown): HoldfastError {
    const said = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    const text = `${this.location}: ${what}: ${said}`;
    if (cause instanceof S3ServiceException && cause.name === 'NoSuchBucket')
      return new HoldfastError('source-missing', text, { cause });
    const denied = [401, 403].includes(statusOf(cause) ?? 0);
    return new HoldfastError(denied ? 'storage-denied' : 'storage-unreachable', text, { cause });
  }
}

function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}

/** A bucket that never had versions calls the only one `null`. */
function versionOf(id: string | undefined): { version?: string } {
  return id === undefined || id === 'null' ? {} : { version: id };
}
