import { Murmur3Rows } from './digests/murmur3-rows.ts';
import type { RowSum } from './digests/row-sum.ts';
import { Sha256Rows } from './digests/sha256-rows.ts';

export type RowDigestAlgorithm = 'sha256' | 'murmur3';

/** What new backups record. */
const currentAlgorithm: RowDigestAlgorithm = 'murmur3';

/** SHA-256 came first and carries no name. */
const prefixes = { sha256: '', murmur3: 'murmur3:' } as const;

/** A digest as documents hold it: `murmur3:` and 32 hexadecimal digits, or 64 of them alone. */
export const rowDigestPattern = /^(murmur3:[0-9a-f]{32}|[0-9a-f]{64})$/;

export interface RowSet {
  readonly rows: number;
  /** As `rowDigestPattern`; the same for the same rows in any order. */
  readonly digest: string;
}

/** What a digest was made by, so that what it is compared with is made the same way. */
export function rowDigestAlgorithm(digest: string): RowDigestAlgorithm {
  return digest.startsWith(prefixes.murmur3) ? 'murmur3' : 'sha256';
}

/**
 * Counts and digests the rows of COPY text, whatever their order: the sum of one hash of each row.
 * (A multiset hash: rows that repeat count as often as they are there; equal rows do not cancel out,
 * as they would with XOR.) COPY text holds a newline only at a row's end.
 *
 * It tells whether a restore brought the rows back; that nobody forged them is what signatures and
 * authenticated encryption say. ADR 0009 tells why it is no cryptographic hash.
 */
export class RowDigest {
  readonly #algorithm: RowDigestAlgorithm;
  readonly #sum: RowSum;

  constructor(algorithm: RowDigestAlgorithm = currentAlgorithm) {
    this.#algorithm = algorithm;
    this.#sum = algorithm === 'murmur3' ? new Murmur3Rows() : new Sha256Rows();
  }

  update(chunk: Uint8Array): void {
    this.#sum.update(chunk);
  }

  /** Adds the rows of another digest, of another part of the same table, by the same algorithm. */
  add({ rows, digest }: RowSet): void {
    if (rowDigestAlgorithm(digest) !== this.#algorithm)
      throw new TypeError(`a digest by ${this.#algorithm} cannot take in ${digest}`);
    this.#sum.add(digest.slice(prefixes[this.#algorithm].length), rows);
  }

  /** Throws when the stream ended inside a row. */
  result(): RowSet {
    if (this.#sum.insideRow) throw new Error('COPY text ended inside a row');
    return { rows: this.#sum.rows, digest: prefixes[this.#algorithm] + this.#sum.sum() };
  }
}

/** Hands a stream of COPY text on unchanged and digests it on the way. */
export async function* digesting(
  source: AsyncIterable<Uint8Array>,
  digest: RowDigest,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of source) {
    digest.update(chunk);
    yield chunk;
  }
}
