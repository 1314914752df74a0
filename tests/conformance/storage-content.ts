import { createHash } from 'node:crypto';
import type { GetOptions, Storage } from '../../backup-agent/storage/storage.ts';

export async function contentOf(
  storage: Storage,
  key: string,
  options?: GetOptions,
): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(await storage.get(key, options)));
}

export async function textOf(storage: Storage, key: string, options?: GetOptions): Promise<string> {
  return (await contentOf(storage, key, options)).toString('utf8');
}

export async function digestOf(storage: Storage, key: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of await storage.get(key)) hash.update(chunk);
  return hash.digest('hex');
}

export async function keysOf(storage: Storage, prefix: string): Promise<string[]> {
  return (await Array.fromAsync(storage.list(prefix))).map(({ key }) => key);
}

export function bytes(text: string): Uint8Array {
  return Buffer.from(text);
}

/** Bytes that differ from place to place, in chunks of uneven sizes. */
export function* patterned(sizeBytes: number, chunkBytes = 77_777): Generator<Uint8Array> {
  const tile = Buffer.alloc(Math.min(chunkBytes, sizeBytes));
  for (let done = 0; done < sizeBytes; done += chunkBytes) {
    for (let at = 0; at < tile.length; at += 4096)
      tile.writeUInt32LE((done + at) >>> 0, Math.min(at, tile.length - 4));
    yield Buffer.from(tile.subarray(0, Math.min(chunkBytes, sizeBytes - done)));
  }
}

export async function* streamed(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

/** A body that yields something and then fails. */
export async function* failing(error: Error, sizeBytes = 100): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(sizeBytes, 1);
  throw error;
}

/** A body that yields something, tells so, and then stays silent. */
export async function* silent(begun: () => void, sizeBytes = 100): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(sizeBytes, 1);
  begun();
  await new Promise<void>(() => undefined);
}
