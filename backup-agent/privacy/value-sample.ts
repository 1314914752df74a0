const most = 256;

/**
 * Some of the values that pass, spread over all of them: each has the same chance to be kept
 * (reservoir sampling, algorithm R, with a generator of its own: a repeated run keeps the same ones).
 */
export class ValueSample {
  readonly #kept: string[] = [];
  #passed = 0;
  #state = 0x2545_f491;

  get values(): ReadonlySet<string> {
    return new Set(this.#kept);
  }

  add(value: string): void {
    this.#passed += 1;
    if (this.#kept.length < most) {
      this.#kept.push(value);
      return;
    }
    const place = this.#next() % this.#passed;
    if (place < most) this.#kept[place] = value;
  }

  /** Xorshift, 32 bits. */
  #next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return this.#state;
  }
}
