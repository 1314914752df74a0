import { createCipheriv, hash, type Cipheriv } from 'node:crypto';
import { HoldfastError } from '../errors/holdfast-error.ts';

const fewestBytes = 32;
/** Of SHA-256, in bytes. */
const blockBytes = 64;

/**
 * Derives everything that a masked value is made of from a secret and the value: the same value gives
 * the same pseudonym in every column and table, and without the key nobody can test a guess.
 */
export class MaskingKey {
  readonly #inner: Buffer;
  readonly #outer: Buffer;
  readonly #cipher: Cipheriv;
  readonly #labels = new Map<string, Buffer>();

  private constructor(secret: string) {
    const bytes = Buffer.from(secret);
    const key = Buffer.alloc(blockBytes);
    (bytes.length > blockBytes ? hash('sha256', bytes, 'buffer') : bytes).copy(key);
    this.#inner = key.map((byte) => byte ^ 0x36) as Buffer;
    this.#outer = key.map((byte) => byte ^ 0x5c) as Buffer;
    this.#cipher = createCipheriv('aes-256-ecb', this.digest('blocks', ''), null);
  }

  /** Throws `key-invalid` for a secret of less than 32 bytes. `where` names it in errors. */
  static from(secret: string, where: string): MaskingKey {
    if (Buffer.byteLength(secret) < fewestBytes)
      throw new HoldfastError('key-invalid', `${where} is shorter than ${fewestBytes} bytes`, {
        hint: 'make one with `openssl rand -hex 32`',
      });
    return new MaskingKey(secret);
  }

  /**
   * 32 bytes for a value; `use` keeps the kinds of masks apart. HMAC-SHA-256 (RFC 2104) by two hashes
   * at once: making Node's own object for each value takes several times as long.
   */
  digest(use: string, value: string): Buffer {
    const text = Buffer.from(`holdfast-mask\0${use}\0${value}`);
    const inner = hash('sha256', Buffer.concat([this.#inner, text]), 'buffer');
    return hash('sha256', Buffer.concat([this.#outer, inner]), 'buffer');
  }

  /** A block of 16 bytes whose first six stand for the use; the rest is the caller's, and zero. */
  label(use: string): Buffer {
    const known = this.#labels.get(use) ?? this.digest('label', use).subarray(0, 6);
    this.#labels.set(use, known);
    const block = Buffer.alloc(16);
    known.copy(block);
    return block;
  }

  /** One block of AES-256 alone: a keyed permutation of 16 bytes. */
  encryptBlock(block: Buffer): Buffer {
    return this.#cipher.update(block);
  }
}

/** A number from 0 (included) to 1 (excluded), by the first six bytes. */
export function fractionOf(digest: Buffer): number {
  return digest.readUIntBE(0, 6) / 2 ** 48;
}
