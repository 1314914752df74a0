/** What stands in an index: an entry, or the removal of one. */
export interface IndexLine {
  readonly path: Buffer;
  readonly type: string;
}

export type ComparePaths = (left: Buffer, right: Buffer) => number;

/** Merges sorted indexes. Where several have a path, the first (newest) says what it is. */
export async function* mergeIndexes<E extends IndexLine, R extends IndexLine>(
  streams: readonly AsyncGenerator<E | R>[],
  compare: ComparePaths,
  isEntry: (line: E | R) => line is E,
): AsyncGenerator<E> {
  const [only, ...others] = streams;
  if (only && others.length === 0) {
    for await (const line of only) if (isEntry(line)) yield line;
    return;
  }
  const heads: (E | R | undefined)[] = [];
  for (const stream of streams) heads.push(await take(stream));
  for (;;) {
    let least: E | R | undefined;
    for (const head of heads)
      if (head && (!least || compare(head.path, least.path) < 0)) least = head;
    if (!least) return;
    if (isEntry(least)) yield least;
    for (const [index, head] of heads.entries()) {
      const stream = streams[index];
      if (head && stream && head.path.equals(least.path)) heads[index] = await take(stream);
    }
  }
}

/** Pairs what is there with what was there: either may be missing, in the order of the paths. */
export async function* pairUp<E extends IndexLine>(
  now: AsyncGenerator<E>,
  before: AsyncGenerator<E>,
  compare: ComparePaths,
): AsyncGenerator<{ readonly now?: E; readonly before?: E }> {
  try {
    let [left, right] = [await take(now), await take(before)];
    while (left || right) {
      const order = !left ? 1 : !right ? -1 : compare(left.path, right.path);
      yield {
        ...(left && order <= 0 ? { now: left } : {}),
        ...(right && order >= 0 ? { before: right } : {}),
      };
      if (order <= 0) left = await take(now);
      if (order >= 0) right = await take(before);
    }
  } finally {
    await now.return(undefined);
    await before.return(undefined);
  }
}

async function take<T>(stream: AsyncGenerator<T>): Promise<T | undefined> {
  const next = await stream.next();
  return next.done ? undefined : next.value;
}
