import { inspect } from 'node:util';

/** A value that refuses to be printed, logged or serialised; only `reveal` and `bytes` lead to it. */
export class Secret {
  readonly #value: Uint8Array;

  constructor(value: Uint8Array) {
    this.#value = value;
  }

  /** As text, without one trailing newline. */
  reveal(): string {
    return Buffer.from(this.#value)
      .toString('utf8')
      .replace(/\r?\n$/, '');
  }

  /** As it is: some secrets, such as an identity file under a passphrase, are no text. */
  bytes(): Uint8Array {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}
