import type { z } from 'zod';
import { HoldfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import type { CallOptions, PutOptions, Storage } from '../storage/storage.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Documents (header, manifest, commit, evidence, lease) are read whole up to this size. */
const largestDocumentBytes = 64 * 2 ** 20;

/** Reads a document whole; one that is absurdly large is `document-malformed`. */
export async function readSmall(
  storage: Storage,
  key: string,
  options: CallOptions = {},
): Promise<Uint8Array> {
  const [first = new Uint8Array(), ...rest] = await Array.fromAsync(
    bounded(await storage.get(key, options), key),
  );
  return rest.length === 0 ? first : Buffer.concat([first, ...rest]);
}

/**
 * Creates a document. One that is already there is as good when it is the same, for a put that timed
 * out may have arrived; another one is `storage-object-exists`.
 */
export async function createDocument(
  storage: Storage,
  key: string,
  bytes: Uint8Array,
  options: Omit<PutOptions, 'ifAbsent' | 'ifMatch'> = {},
): Promise<void> {
  try {
    await storage.put(key, bytes, { ...options, ifAbsent: true });
  } catch (error) {
    if (!isHoldfastError(error, 'storage-object-exists')) throw error;
    const found = await readSmall(storage, key, options.signal ? { signal: options.signal } : {});
    if (Buffer.compare(found, bytes) !== 0) throw error;
  }
}

async function* bounded(body: AsyncIterable<Uint8Array>, key: string): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > largestDocumentBytes)
      throw new HoldfastError('document-malformed', `${key} is larger than any document may be`);
    yield chunk;
  }
}

/** Parses and validates a JSON document; throws `document-malformed` naming `where`. */
export function parseJson<Schema extends z.ZodType>(
  schema: Schema,
  bytes: Uint8Array,
  where: string,
): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(bytes));
  } catch {
    throw new HoldfastError('document-malformed', `${where} is not JSON`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new HoldfastError('document-malformed', `${where} does not have the shape of its format`, {
    problems: parsed.error.issues.map((issue) => ({
      where: issue.path.map(String).join('.') || 'document',
      what: issue.message,
    })),
  });
}
