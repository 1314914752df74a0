const tab = 9;
const backslash = 92;

const letters: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};
const signs: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

/** What COPY writes for null (PostgreSQL manual, COPY, "Text Format"). */
export const nullField = Buffer.from('\\N');

export function isNullField(field: Uint8Array): boolean {
  return field.length === 2 && field[0] === backslash && field[1] === 0x4e;
}

/** The fields of one row of COPY text, as they stand there: views, still escaped. */
export function splitFields(row: Buffer): Buffer[] {
  const fields: Buffer[] = [];
  let start = 0;
  for (let end = row.indexOf(tab); end >= 0; end = row.indexOf(tab, start)) {
    fields.push(row.subarray(start, end));
    start = end + 1;
  }
  fields.push(row.subarray(start));
  return fields;
}

/** The value of a field that is not null. */
export function fieldText(field: Buffer): string {
  const text = field.toString('utf8');
  if (!text.includes('\\')) return text;
  return text.replaceAll(/\\(.)/gs, (_, sign: string) => letters[sign] ?? sign);
}

/** A value as COPY writes it, byte for byte. */
export function fieldOf(text: string): Buffer {
  return Buffer.from(text.replaceAll(/[\\\b\f\n\r\t\v]/g, (sign) => signs[sign] ?? sign));
}

/** Blocks that end where a row ends; COPY text holds a newline only there. */
export async function* wholeRows(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Buffer, void, undefined> {
  let rest: Buffer[] = [];
  for await (const chunk of source) {
    const block = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const end = block.lastIndexOf(10) + 1;
    if (end > 0) {
      yield Buffer.concat([...rest, block.subarray(0, end)]);
      rest = [];
    }
    // A copy of its own: what it was cut from may be written over.
    if (end < block.length) rest.push(Buffer.from(block.subarray(end)));
  }
  if (rest.length > 0) throw new Error('COPY text ended inside a row');
}

/** The rows of such a block, without their newlines: views. */
export function* rowsIn(block: Buffer): Generator<Buffer, void, undefined> {
  for (let start = 0; start < block.length;) {
    const end = block.indexOf(10, start);
    yield block.subarray(start, end);
    start = end + 1;
  }
}
