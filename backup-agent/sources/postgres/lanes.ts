/**
 * Works through a queue on several lanes at once, the first entry first. The first failure aborts
 * the signal that all work gets; the promise rejects with it once every lane has stopped.
 */
export async function runLanes<Item, Lane>(
  queue: Iterable<Item>,
  lanes: readonly Lane[],
  signal: AbortSignal,
  work: (lane: Lane, item: Item, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failure = new AbortController();
  const both = AbortSignal.any([signal, failure.signal]);
  const items = queue[Symbol.iterator]();
  const drive = async (lane: Lane) => {
    for (;;) {
      both.throwIfAborted();
      const next = items.next();
      if (next.done) return;
      await work(lane, next.value, both);
    }
  };
  const results = await Promise.all(
    lanes.map(async (lane) => {
      try {
        await drive(lane);
        return undefined;
      } catch (error) {
        failure.abort(error);
        return { error };
      }
    }),
  );
  signal.throwIfAborted();
  if (results.some((result) => result)) throw failure.signal.reason;
}

/**
 * Does several things at once and answers with what each of them gives. The first failure aborts the
 * signal that all of them get; the promise rejects with it once each has stopped.
 */
export async function atOnce<Results extends readonly unknown[]>(
  signal: AbortSignal,
  ...works: { [At in keyof Results]: (signal: AbortSignal) => Promise<Results[At]> }
): Promise<Results> {
  const results: unknown[] = [];
  await runLanes(works.entries(), works, signal, async (_, [at, work], both) => {
    results[at] = await work(both);
  });
  // Each stands at the place of its work, whose type says what it is.
  return results as unknown as Results;
}
