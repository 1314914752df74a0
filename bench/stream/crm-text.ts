import type { ByteSource } from '../../backup-agent/stream/transform.ts';

const cities = ['Berlin', 'Lyon', 'Kraków', 'Porto', 'Aarhus', 'Graz', 'Ghent', 'Turku'];
const stages = ['lead', 'qualified', 'proposal', 'won', 'lost'];
const words =
  'asked about the invoice renewal meeting moved call back next week contract signed'.split(' ');

/**
 * `COPY` text of a contacts table: ids, names, addresses, times, amounts and a note, as compressible
 * as such tables are. The same seed makes the same bytes.
 */
export function* crmText(sizeBytes: number, seed = 1): Generator<Uint8Array, void> {
  const random = xorshift(seed);
  let left = sizeBytes;
  for (let id = 1; left > 0;) {
    const lines: string[] = [];
    for (let line = 0; line < 4000; line++) lines.push(contact(id++, random));
    const block = Buffer.from(lines.join('')).subarray(0, left);
    left -= block.length;
    yield block;
  }
}

function contact(id: number, random: (below: number) => number): string {
  const pick = (from: readonly string[]) => from[random(from.length)] ?? '';
  const person = `${random(5000).toString(36)}${random(900)}`;
  const time = new Date(1_700_000_000_000 + random(80_000_000) * 1000).toISOString();
  const note = Array.from({ length: 4 + random(12) }, () => pick(words)).join(' ');
  return (
    [id, person, `${person}@${random(2000).toString(36)}.example`, `+49 ${random(1e9)}`]
      .concat(pick(cities), pick(stages), (random(1e7) / 100).toFixed(2), time, note)
      .join('\t') + '\n'
  );
}

/** Marsaglia's xorshift32: small, fast and always the same. */
function xorshift(seed: number): (below: number) => number {
  let state = seed | 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Bytes that do not compress. */
export function* noise(sizeBytes: number, seed = 1): Generator<Uint8Array, void> {
  const random = xorshift(seed);
  for (let left = sizeBytes; left > 0; left -= 1024 * 1024) {
    const words = Uint32Array.from({ length: 256 * 1024 }, () => random(2 ** 32));
    yield new Uint8Array(words.buffer, 0, Math.min(left, 1024 * 1024));
  }
}

export async function sizeOf(stream: ByteSource): Promise<number> {
  let sizeBytes = 0;
  for await (const chunk of stream) sizeBytes += chunk.length;
  return sizeBytes;
}
