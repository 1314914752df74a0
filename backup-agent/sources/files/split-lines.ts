import { HoldfastError } from '../../errors/holdfast-error.ts';

/** A line is bounded by what one entry can need: two paths of 4096 bytes and its extents. */
const longestLineBytes = 4 * 1024 * 1024;

/** The lines of an index of backup `id`, which is for messages. */
export async function* splitLines(
  source: AsyncIterable<Uint8Array>,
  id: string,
): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    const bytes = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      yield bytes.toString('utf8', start, end);
      start = end + 1;
    }
    rest = bytes.subarray(start);
    if (rest.length > longestLineBytes)
      throw new HoldfastError('document-malformed', `the index of backup ${id} has no lines`);
  }
  if (rest.length > 0) yield rest.toString('utf8');
}
