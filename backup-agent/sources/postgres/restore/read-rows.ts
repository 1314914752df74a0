/** What COPY writes for characters that would end a field or row. */
const escapes: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** The rows of COPY text that has no nulls, field by field. Holds one row. */
export async function* readRows(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<string[], void, undefined> {
  let parts: Buffer[] = [];
  for await (const chunk of source) {
    const block = Buffer.from(chunk);
    let start = 0;
    for (let end = block.indexOf(10); end >= 0; end = block.indexOf(10, start)) {
      const line = Buffer.concat([...parts, block.subarray(start, end)]).toString('utf8');
      parts = [];
      start = end + 1;
      yield line.split('\t').map(unescape);
    }
    if (start < block.length) parts.push(block.subarray(start));
  }
}

function unescape(field: string): string {
  if (!field.includes('\\')) return field;
  return field.replaceAll(/\\(.)/gs, (_, char: string) => escapes[char] ?? char);
}
