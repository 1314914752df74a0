import type { CompletedPart } from '@aws-sdk/client-s3';
import pMap from 'p-map';
import type { ContentKey } from '../files/content-key.ts';
import type { Extent } from '../files/entry.ts';
import { writePart, type PartFault } from '../files/restore/file-in-parts.ts';
import type { BackupReader, Progress } from '../source.ts';
import type { Bucket } from './bucket.ts';
import type { MultipartUpload } from './multipart-upload.ts';
import type { ObjectEntry } from './object-entry.ts';
import type { PutOutcome } from './put-object.ts';
import { Spool, type SpooledContent } from './spool.ts';
import type { UnfinishedUploads } from './unfinished-uploads.ts';

export interface RestoreInPartsOptions {
  readonly bucket: Bucket;
  readonly readers: ReadonlyMap<string, BackupReader>;
  readonly key: ContentKey;
  readonly scratchDirectory: string;
  readonly uploads: UnfinishedUploads;
  readonly replace: boolean;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

export type RestoredInParts = PutOutcome | PartFault | typeof digestFault;

export const digestFault = 'has content that does not match its digest';

/** While one is put, the next is fetched. */
const partsAtOnce = 2;

/**
 * Puts an object whose content lies in several segments as one upload, a part for each. A part is put
 * only once its digest is checked, and what an earlier run has put is not fetched again.
 */
export async function restoreInParts(
  object: ObjectEntry,
  options: RestoreInPartsOptions,
): Promise<RestoredInParts> {
  const { bucket, uploads, signal, replace } = options;
  const upload = bucket.upload(object);
  const done = await begin(upload, object, options);
  const fault = await putParts(upload, object, done, options);
  if (fault) await upload.abort(signal);
  const outcome = fault ?? (await upload.complete([...done.values()], { replace, signal }));
  if (outcome === 'exists') await upload.abort(signal);
  await uploads.forget(object.path);
  return outcome;
}

/** The parts that are there, by their numbers. */
async function begin(
  upload: MultipartUpload,
  { path, extents = [] }: ObjectEntry,
  { uploads, signal }: RestoreInPartsOptions,
): Promise<Map<number, CompletedPart>> {
  const known = await uploads.find(path);
  const there = known === undefined ? undefined : await upload.goOn(known, signal);
  if (!there) {
    await uploads.remember(path, await upload.begin(signal));
    return new Map();
  }
  const isOurs = ({ number, sizeBytes }: { number: number; sizeBytes: number }) =>
    extents[number - 1]?.length === sizeBytes;
  return new Map(there.filter(isOurs).map(({ number, part }) => [number, part]));
}

async function putParts(
  upload: MultipartUpload,
  { extents = [] }: ObjectEntry,
  done: Map<number, CompletedPart>,
  options: RestoreInPartsOptions,
): Promise<Exclude<RestoredInParts, PutOutcome> | undefined> {
  const { scratchDirectory, signal, progress } = options;
  let fault: Exclude<RestoredInParts, PutOutcome> | undefined;
  await pMap(
    extents,
    async (extent, index) => {
      const number = index + 1;
      if (fault) return;
      if (!done.has(number)) {
        using spool = new Spool(scratchDirectory);
        const content = spool.begin(options.key);
        fault ??= await fetchPart(content, extent, options);
        const read = () => spool.read(content);
        if (!fault) done.set(number, await upload.put(number, read, extent.length, signal));
      }
      progress.advance(extent.length);
    },
    { concurrency: partsAtOnce, signal },
  );
  return fault;
}

async function fetchPart(
  content: SpooledContent,
  extent: Extent,
  options: RestoreInPartsOptions,
): Promise<Exclude<RestoredInParts, PutOutcome> | undefined> {
  const fault = await writePart(content, extent, options);
  return fault ?? (content.digest() === extent.digest ? undefined : digestFault);
}
