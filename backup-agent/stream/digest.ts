import { createHash, hash } from 'node:crypto';
import { HoldfastError } from '../errors/holdfast-error.ts';
import type { ByteSource, Transform } from './transform.ts';

export interface Digest {
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

export interface Digester {
  /** Passes every chunk on unchanged. */
  readonly transform: Transform;
  /** Of all that passed; throws before the stream has come to its end. */
  result(): Digest;
}

/** SHA-256 and size of one stream, taken on its way. */
export function digest(): Digester {
  let result: Digest | undefined;
  return {
    transform: (source) => observe(source, (taken) => (result = taken)),
    result() {
      if (result === undefined) throw new Error('the digest was asked for before the stream ended');
      return result;
    },
  };
}

/**
 * Passes every chunk on, and at the end rejects with `object-damaged` unless size and digest are
 * exactly those expected; earlier when there is already too much. `what` names the object.
 */
export function expectDigest(expected: Digest, what: string): Transform {
  return async function* (source) {
    let sizeBytes = 0;
    const tooLong = (chunk: Uint8Array) => (sizeBytes += chunk.length) > expected.sizeBytes;
    const bounded = (async function* () {
      for await (const chunk of source) {
        if (tooLong(chunk)) throw damaged(what, `is longer than ${expected.sizeBytes} bytes`);
        yield chunk;
      }
    })();
    yield* observe(bounded, (found) => assertSame(expected, found, what));
  };
}

/** SHA-256 of bytes at hand, lower-case hex. */
export function sha256Hex(bytes: Uint8Array | string): string {
  return hash('sha256', bytes, 'hex');
}

async function* observe(
  source: ByteSource,
  done: (digest: Digest) => void,
): AsyncGenerator<Uint8Array, void> {
  const running = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of source) {
    running.update(chunk);
    sizeBytes += chunk.length;
    yield chunk;
  }
  done({ sizeBytes, sha256: running.digest('hex') });
}

function assertSame(expected: Digest, found: Digest, what: string): void {
  if (found.sizeBytes !== expected.sizeBytes)
    throw damaged(what, `has ${found.sizeBytes} of ${expected.sizeBytes} bytes`);
  if (found.sha256 !== expected.sha256) throw damaged(what, 'has another SHA-256 than recorded');
}

function damaged(what: string, how: string): HoldfastError {
  return new HoldfastError('object-damaged', `${what} ${how}`);
}
