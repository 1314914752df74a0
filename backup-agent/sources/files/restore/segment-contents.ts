/** One content of a segment, and who wants it. */
export interface WantedContent<T> {
  readonly offset: number;
  readonly length: number;
  readonly wanted: T;
}

export interface ContentSink {
  write(chunk: Uint8Array): void;
}

/**
 * Hands each content, in ascending order of offsets, to what `open` returns for it; `close` follows
 * when the content is whole. Contents that overlap a former one, or lie beyond the segment's end,
 * go to `missing`. Leaves the segment as soon as nothing more is wanted.
 */
export async function readContents<T, S extends ContentSink>(
  segment: AsyncIterable<Uint8Array>,
  contents: readonly WantedContent<T>[],
  visitor: {
    open(wanted: T): S;
    close(sink: S, wanted: T): void;
    abandon(sink: S): void;
    missing(wanted: T): void;
  },
): Promise<void> {
  const queue = [...contents].sort((left, right) => left.offset - right.offset);
  let position = 0;
  let next = 0;
  let sink: S | undefined;
  let left = 0;
  try {
    for await (const chunk of segment) {
      let at = 0;
      while (next < queue.length) {
        const content = queue[next];
        if (!content) break;
        if (!sink) {
          if (content.offset < position + at) {
            visitor.missing(content.wanted);
            next += 1;
            continue;
          }
          if (content.offset >= position + chunk.length) break;
          at = content.offset - position;
          sink = visitor.open(content.wanted);
          left = content.length;
        }
        const part = chunk.subarray(at, at + left);
        sink.write(part);
        at += part.length;
        left -= part.length;
        if (left > 0) break;
        const whole = sink;
        sink = undefined;
        next += 1;
        visitor.close(whole, content.wanted);
      }
      position += chunk.length;
      if (next >= queue.length) return;
    }
    for (const { wanted } of queue.slice(next)) visitor.missing(wanted);
  } finally {
    if (sink) visitor.abandon(sink);
  }
}
