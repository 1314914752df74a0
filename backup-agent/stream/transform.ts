/**
 * The shape of everything that stands between a source and a storage. A transform is pulled by what
 * follows it, so backpressure needs no bookkeeping and memory is what its own contract says.
 *
 * Chunks are handed on by reference: whoever yields one never writes into it again.
 */
export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/**
 * Fits `pipeline()` of `node:stream/promises`, which passes its own signal as the context, and
 * `through` below.
 */
export type Transform = (
  source: ByteSource,
  context?: TransformContext,
) => AsyncGenerator<Uint8Array, void, undefined>;

export interface TransformContext {
  readonly signal?: AbortSignal | undefined;
}

/**
 * `source` sent through `transforms` in their order. An abort rejects with the signal's reason, even
 * while the source is silent; leaving the result early closes the source.
 */
export function through(
  source: ByteSource,
  transforms: readonly Transform[],
  context: TransformContext = {},
): AsyncIterable<Uint8Array> {
  const head: ByteSource = context.signal ? abortable(source, context.signal) : source;
  const flow = transforms.reduce((flow, transform) => transform(flow, context), head);
  return Symbol.asyncIterator in flow ? flow : fromIterable(flow);
}

async function* fromIterable(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  yield* chunks;
}

/** Stops waiting for the source's next chunk as soon as `signal` aborts. */
async function* abortable(
  source: ByteSource,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  signal.throwIfAborted();
  const iterator = iterate(source);
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  // Nobody may be waiting at the moment of the abort.
  aborted.promise.catch(() => undefined);
  let ended = false;
  try {
    for (;;) {
      const step = await Promise.race([iterator.next(), aborted.promise]);
      if (step.done) {
        ended = true;
        return;
      }
      yield step.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    if (!ended) await closeUnlessStuck(iterator, signal);
  }
}

/** A source that is aborted while it waits would answer `return()` only once it has a chunk. */
async function closeUnlessStuck(
  iterator: AsyncIterator<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const closed = iterator.return?.();
  if (signal.aborted) closed?.catch(() => undefined);
  else await closed;
}

/** The source's iterator, asynchronous whatever the source is. */
export function iterate(source: ByteSource): AsyncIterator<Uint8Array> {
  return Symbol.asyncIterator in source
    ? source[Symbol.asyncIterator]()
    : fromIterable(source)[Symbol.asyncIterator]();
}
