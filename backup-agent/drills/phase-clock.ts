export interface Phase {
  readonly name: string;
  readonly durationMs: number;
}

/** Sums what each phase of a drill takes, in the order in which they first came. */
export class PhaseClock {
  readonly #durations = new Map<string, number>();

  async measure<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const startedAt = performance.now();
    try {
      return await work();
    } finally {
      this.add([{ name, durationMs: performance.now() - startedAt }]);
    }
  }

  add(phases: readonly Phase[]): void {
    for (const { name, durationMs } of phases)
      this.#durations.set(name, (this.#durations.get(name) ?? 0) + durationMs);
  }

  get phases(): Phase[] {
    return [...this.#durations].map(([name, durationMs]) => ({
      name,
      durationMs: Math.round(durationMs),
    }));
  }

  get totalMs(): number {
    return Math.round([...this.#durations.values()].reduce((sum, duration) => sum + duration, 0));
  }
}
