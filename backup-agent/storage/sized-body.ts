import { HoldfastError } from '../errors/holdfast-error.ts';
import type { Body } from './storage.ts';

export interface SizedBodyOptions {
  readonly sizeBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The body as chunks, none of them empty. Ends in `storage-size-mismatch` as soon as it is longer
 * than `sizeBytes`, or when it ends shorter; and in the signal's reason at once when that aborts,
 * even while the body is silent.
 */
export async function* sizedBody(
  key: string,
  body: Body,
  { sizeBytes, signal }: SizedBodyOptions,
): AsyncGenerator<Uint8Array> {
  let countedBytes = 0;
  for await (const chunk of abortable(chunksOf(body), signal)) {
    countedBytes += chunk.byteLength;
    if (sizeBytes !== undefined && countedBytes > sizeBytes)
      throw sizeMismatch(key, sizeBytes, `at least ${countedBytes}`);
    if (chunk.byteLength > 0) yield chunk;
  }
  if (sizeBytes !== undefined && countedBytes < sizeBytes)
    throw sizeMismatch(key, sizeBytes, `only ${countedBytes}`);
}

async function* chunksOf(body: Body): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) yield body;
  else yield* body;
}

function sizeMismatch(key: string, sizeBytes: number, found: string): HoldfastError {
  return new HoldfastError(
    'storage-size-mismatch',
    `object ${JSON.stringify(key)} was announced with ${sizeBytes} bytes and has ${found}`,
  );
}

/**
 * Passes a source on until the signal aborts. `pipeline()` alone waits for a source that is silent,
 * however long ago it was aborted.
 */
export async function* abortable<Item>(
  source: AsyncIterable<Item>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Item> {
  if (signal === undefined) {
    yield* source;
    return;
  }
  const iterator = source[Symbol.asyncIterator]();
  try {
    while (true) {
      const next = await nextOrAbort(iterator, signal);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    // Not awaited after an abort: a generator that waits for its source answers only after it.
    const returned = iterator.return?.();
    if (signal.aborted) returned?.catch(() => undefined);
    else await returned;
  }
}

/** A listener for each step, because a race against one lasting promise would pile up reactions. */
function nextOrAbort<Item>(
  iterator: AsyncIterator<Item>,
  signal: AbortSignal,
): Promise<IteratorResult<Item>> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    iterator
      .next()
      .then(resolve, reject)
      .finally(() => {
        signal.removeEventListener('abort', onAbort);
      });
  });
}
