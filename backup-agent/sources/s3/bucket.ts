import {
  GetObjectCommand,
  GetObjectTaggingCommand,
  ListObjectVersionsCommand,
  S3Client,
  type GetObjectCommandOutput,
  type ListObjectVersionsCommandOutput,
} from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import type { HoldfastError } from '../../errors/holdfast-error.ts';
import { MultipartUpload } from './multipart-upload.ts';
import type { ObjectEntry } from './object-entry.ts';
import { headersOf } from './object-attributes.ts';
import { putObject, type PutOptions, type PutOutcome, type PutTarget } from './put-object.ts';
import { isDenied, requestAttempts, bucketFailure, isLost, type BucketRole } from './s3-errors.ts';

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

/** There is nothing of an object: it was deleted, or may not be read, as archived ones may not. */
export interface NotFetched {
  readonly isGone: boolean;
  /** For the list of problems. */
  readonly why: string;
}

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
      maxAttempts: requestAttempts,
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
      const page = await this.#page(markers, signal);
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
    const command = new GetObjectCommand({ Bucket: this.#bucket, Key: key });
    let answer: GetObjectCommandOutput | undefined;
    try {
      answer = await this.#client.send(command, { abortSignal: signal });
      const tags = answer.TagCount ? await this.#tags(key, answer.VersionId, signal) : undefined;
      const entry = entryOf(path, answer, tags);
      return { entry, body: this.#body(entry, 0, signal, answer.Body) };
    } catch (error) {
      signal.throwIfAborted();
      // Nobody reads it: it would keep its connection from all that follows.
      if (answer?.Body instanceof Readable) answer.Body.destroy();
      if (isDenied(error)) {
        const what = answer ? 'has tags that cannot be read' : 'cannot be read';
        return { isGone: false, why: `${what}: ${error.name}` };
      }
      if (isLost(error)) return { isGone: true, why: 'vanished before it was read' };
      throw this.#failure(key, error);
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
    return new MultipartUpload(this.#target(entry), this.#client);
  }

  /** As `putObject`. */
  async put(entry: ObjectEntry, open: () => Readable, options: PutOptions): Promise<PutOutcome> {
    return await putObject(this.#client, this.#target(entry), open, options);
  }

  [Symbol.dispose](): void {
    this.#client.destroy();
  }

  #target(entry: ObjectEntry): PutTarget {
    const key = this.#key(entry.path);
    const failure = (error: unknown, signal: AbortSignal): never => {
      signal.throwIfAborted();
      throw this.#failure(key, error);
    };
    return { bucket: this.#bucket, key, entry, failure };
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
        if (isLost(error)) throw new ObjectChangedError(key, { cause: error });
        if (++failures >= requestAttempts) throw this.#failure(key, error);
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

  async #page(
    markers: { KeyMarker?: string; VersionIdMarker?: string },
    signal: AbortSignal,
  ): Promise<ListObjectVersionsCommandOutput> {
    const command = new ListObjectVersionsCommand({
      Bucket: this.#bucket,
      Prefix: this.#prefix,
      EncodingType: 'url',
      ...markers,
    });
    try {
      return await this.#client.send(command, { abortSignal: signal });
    } catch (error) {
      signal.throwIfAborted();
      throw this.#failure(undefined, error);
    }
  }

  async #tags(
    key: string,
    version: string | undefined,
    signal: AbortSignal,
  ): Promise<Record<string, string>> {
    const command = new GetObjectTaggingCommand({
      Bucket: this.#bucket,
      Key: key,
      ...(version === undefined ? {} : { VersionId: version }),
    });
    const { TagSet = [] } = await this.#client.send(command, { abortSignal: signal });
    return Object.fromEntries(TagSet.map(({ Key = '', Value = '' }) => [Key, Value]));
  }

  /** Keys are quoted, for they may hold what a terminal would act upon. */
  #failure(key: string | undefined, cause: unknown): HoldfastError {
    return bucketFailure(this.#role, this.location, key, cause);
  }
}

function entryOf(
  path: Buffer,
  answer: GetObjectCommandOutput,
  tags: Record<string, string> | undefined,
): ObjectEntry {
  const { ContentType, Metadata, ContentLength, ETag, VersionId, LastModified } = answer;
  return {
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
}

/** A bucket that never had versions calls the only one `null`. */
function versionOf(id: string | undefined): { version?: string } {
  return id === undefined || id === 'null' ? {} : { version: id };
}
