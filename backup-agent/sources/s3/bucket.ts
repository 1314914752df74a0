import {
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
  type ListObjectVersionsCommandOutput,
} from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import { MultipartUpload } from './multipart-upload.ts';
import type { ObjectEntry } from './object-entry.ts';
import { attributesInput, headersOf, type PutOutcome } from './put-input.ts';
import {
  attempts,
  bucketFailure,
  isGoneOrOther,
  sendingAgain,
  statusOf,
  type BucketRole,
} from './s3-errors.ts';

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

/** Why there is nothing of an object: it was deleted, or may not be read, archived ones included. */
export type NotFetched = 'gone' | 'denied';

/** What was read of an object so far is of no use: it was replaced or deleted. */
export class ObjectChangedError extends Error {}

const silent = () => undefined;
/** What goes wrong is thrown; without this, the client prints too. */
const silentLogger = { debug: silent, info: silent, warn: silent, error: silent };

/** A bucket of attachments: what a source reads, and a restore writes. */
export class Bucket implements Disposable {
  readonly location: string;
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #role: BucketRole;

  constructor(options: BucketOptions, role: BucketRole = 'source') {
    this.#role = role;
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
      logger: silentLogger,
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
      const page: ListObjectVersionsCommandOutput = await this.#send(undefined, () =>
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
      // A store may leave what was asked for, and say so.
      const decoded = (text = '') =>
        page.EncodingType === 'url' ? decodeURIComponent(text.replaceAll('+', ' ')) : text;
      for (const { Key, IsLatest, Size, ETag, VersionId, LastModified } of page.Versions ?? []) {
        const key = decoded(Key);
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
            KeyMarker: decoded(NextKeyMarker),
            ...(NextVersionIdMarker === undefined ? {} : { VersionIdMarker: NextVersionIdMarker }),
          }
        : undefined;
    }
  }

  /** A body that breaks off is taken up where it broke. */
  async fetch(path: Buffer, signal: AbortSignal): Promise<FetchedObject | NotFetched> {
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
        ...headersOf(answer),
        ...(Metadata && Object.keys(Metadata).length > 0 ? { metadata: Metadata } : {}),
        ...(tags ? { tags } : {}),
      };
      return { entry, body: this.#body(entry, 0, signal, answer.Body) };
    } catch (error) {
      const cause = error instanceof HoldfastError ? error.cause : undefined;
      if (cause instanceof NoSuchKey) return 'gone';
      if (statusOf(cause) === 403) return 'denied';
      throw error;
    }
  }

  /** The rest of what was fetched once, as long as that is there. */
  fetchRest(
    entry: ObjectEntry,
    position: number,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void> {
    return this.#body(entry, position, signal);
  }

  /** For an object that is put in parts. */
  upload(entry: ObjectEntry): MultipartUpload {
    const key = this.#key(entry.path);
    const failure = (error: unknown, signal: AbortSignal): never => {
      signal.throwIfAborted();
      throw this.#failure(key, error);
    };
    return new MultipartUpload({ bucket: this.#bucket, key, entry, failure }, this.#client);
  }

  /** Creates the object, or a newer version of it; at most 5 GiB, S3's limit for one put. */
  async put(
    entry: ObjectEntry,
    open: () => Readable,
    options: { readonly replace: boolean; readonly signal: AbortSignal },
  ): Promise<PutOutcome> {
    const { replace, signal } = options;
    const key = this.#key(entry.path);
    try {
      return await sendingAgain(open, signal, async (body, attempt) => {
        const command = new PutObjectCommand({
          Bucket: this.#bucket,
          Key: key,
          Body: body,
          ContentLength: entry.sizeBytes,
          ...attributesInput(entry),
          ...(replace ? {} : { IfNoneMatch: '*' }),
        });
        try {
          await this.#client.send(command, { abortSignal: signal });
          return 'stored';
        } catch (error) {
          if (replace || statusOf(error) !== 412) throw error;
          return attempt > 1 && (await this.#hasArrived(entry, signal)) ? 'stored' : 'exists';
        }
      });
    } catch (error) {
      signal.throwIfAborted();
      throw this.#failure(key, error);
    }
  }

  /** A put whose answer was lost may have been done. */
  async #hasArrived({ path, sizeBytes }: ObjectEntry, signal: AbortSignal): Promise<boolean> {
    const command = new HeadObjectCommand({ Bucket: this.#bucket, Key: this.#key(path) });
    const { ContentLength } = await this.#client.send(command, { abortSignal: signal });
    return ContentLength === sizeBytes;
  }

  [Symbol.dispose](): void {
    this.#client.destroy();
  }

  #key(path: Buffer): string {
    return this.#prefix + path.toString('utf8');
  }

  /** From `position` on; `first` is a body that begins there. A body that breaks off is asked for again. */
  async *#body(
    entry: ObjectEntry,
    position: number,
    signal: AbortSignal,
    first?: unknown,
  ): AsyncGenerator<Uint8Array, void> {
    const { path, sizeBytes } = entry;
    let body = first;
    for (let done = position, failures = 0; done < sizeBytes || body !== undefined;) {
      try {
        body ??= await this.#askFrom(entry, done, signal);
        if (!(body instanceof Readable)) throw new Error('the answer has no body');
        for await (const chunk of body) {
          if (done + chunk.length > sizeBytes)
            throw new Error(`the body passes ${sizeBytes} bytes`);
          done += chunk.length;
          failures = 0;
          yield chunk;
        }
        if (done < sizeBytes) throw new Error(`the body ended after ${done} of ${sizeBytes} bytes`);
      } catch (error) {
        signal.throwIfAborted();
        const key = this.#key(path);
        if (isGoneOrOther(error)) throw new ObjectChangedError(key, { cause: error });
        if (++failures >= attempts) throw this.#failure(key, error);
      }
      body = undefined;
    }
  }

  async #askFrom(
    { path, etag, version }: ObjectEntry,
    position: number,
    signal: AbortSignal,
  ): Promise<unknown> {
    const command = new GetObjectCommand({
      Bucket: this.#bucket,
      Key: this.#key(path),
      Range: `bytes=${position}-`,
      IfMatch: etag,
      ...(version === undefined ? {} : { VersionId: version }),
    });
    return (await this.#client.send(command, { abortSignal: signal })).Body;
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

  async #send<T>(what: string | undefined, request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      if (error instanceof Error && error.name === 'AbortError') throw error;
      throw this.#failure(what, error);
    }
  }

  /** Keys are quoted, for they may hold what a terminal would act upon. */
  #failure(key: string | undefined, cause: unknown): HoldfastError {
    return bucketFailure(this.#role, this.location, key, cause);
  }
}

/** A bucket that never had versions calls the only one `null`. */
function versionOf(id: string | undefined): { version?: string } {
  return id === undefined || id === 'null' ? {} : { version: id };
}
