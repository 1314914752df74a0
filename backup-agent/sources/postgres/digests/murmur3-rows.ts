import { wasmBase64 } from './murmur3-rows-wasm.gen.ts';
import type { RowSum } from './row-sum.ts';

/** Where things lie in the module's memory: murmur3-rows.wat. */
const stateBytes = 64;
const maxTextBytes = 128 * 1024;
const hashesAt = [16, 24] as const;
const lengthAt = 32;
const sumsAt = 40;
const rowsAt = 56;

const seed = 1n;

/** TypeScript knows it as a browser's alone. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Record<string, unknown> };
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
};

interface Scanner {
  readonly memory: Uint8Array;
  readonly update: (sizeBytes: number) => void;
}

let scanner: Scanner | undefined;

/** One for all digests of the process: each brings its own state, and no call is interrupted. */
function openScanner(): Scanner {
  const module = new WebAssembly.Module(Buffer.from(wasmBase64, 'base64'));
  const { memory, update } = new WebAssembly.Instance(module).exports;
  if (!(memory instanceof WebAssembly.Memory) || typeof update !== 'function')
    throw new TypeError('murmur3-rows.wat does not export what it should');
  return { memory: new Uint8Array(memory.buffer), update: (sizeBytes) => void update(sizeBytes) };
}

/**
 * The sum, word by word modulo 2⁶⁴, of each row's MurmurHash3_x64_128 with seed 1. Holds 64 bytes,
 * however long a row is.
 */
export class Murmur3Rows implements RowSum {
  readonly #state = Buffer.alloc(stateBytes);

  constructor() {
    for (const at of hashesAt) this.#state.writeBigUInt64LE(seed, at);
  }

  get rows(): number {
    return Number(this.#state.readBigUInt64LE(rowsAt));
  }

  get insideRow(): boolean {
    return this.#state.readBigUInt64LE(lengthAt) > 0n;
  }

  update(chunk: Uint8Array): void {
    const { memory, update } = (scanner ??= openScanner());
    memory.set(this.#state);
    for (let at = 0; at < chunk.length; at += maxTextBytes) {
      const piece = chunk.subarray(at, at + maxTextBytes);
      memory.set(piece, stateBytes);
      update(piece.length);
    }
    this.#state.set(memory.subarray(0, stateBytes));
  }

  add(sum: string, rows: number): void {
    const other = Buffer.from(sum, 'hex');
    for (const word of [0, 8]) this.#addWord(sumsAt + word, other.readBigUInt64BE(word));
    this.#addWord(rowsAt, BigInt(rows));
  }

  sum(): string {
    const sum = Buffer.alloc(16);
    for (const word of [0, 8])
      sum.writeBigUInt64BE(this.#state.readBigUInt64LE(sumsAt + word), word);
    return sum.toString('hex');
  }

  #addWord(at: number, word: bigint): void {
    const sum = BigInt.asUintN(64, this.#state.readBigUInt64LE(at) + word);
    this.#state.writeBigUInt64LE(sum, at);
  }
}
