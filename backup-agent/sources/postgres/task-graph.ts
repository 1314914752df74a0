/** Something to do on a lane, once what it needs has been done. */
export interface Task<Lane> {
  readonly after: readonly Task<Lane>[];
  /** Of those that may begin, the heaviest does; of equals, the first. */
  readonly weight: number;
  run(lane: Lane, signal: AbortSignal): Promise<void>;
}

/**
 * Does all tasks on several lanes at once. What a task needs must be among them, or is taken as done.
 * The first failure aborts the signal that all tasks get; the promise rejects with it once every lane
 * has stopped.
 */
export async function runTasks<Lane>(
  tasks: readonly Task<Lane>[],
  lanes: readonly Lane[],
  signal: AbortSignal,
  onDone: (task: Task<Lane>) => void = () => undefined,
): Promise<void> {
  const failure = new AbortController();
  const both = AbortSignal.any([signal, failure.signal]);
  const board = new Board(tasks);
  const drive = async (lane: Lane) => {
    for (;;) {
      both.throwIfAborted();
      const task = await board.take();
      if (!task) return;
      await task.run(lane, both);
      onDone(task);
      board.finish(task);
    }
  };
  await Promise.all(
    lanes.map(async (lane) => {
      try {
        await drive(lane);
      } catch (error) {
        failure.abort(error);
        board.close();
      }
    }),
  );
  signal.throwIfAborted();
  failure.signal.throwIfAborted();
}

/** Which tasks may begin, and the lanes that wait for one. */
class Board<Lane> {
  /** The lightest first: the next one is taken off the end. */
  readonly #ready: Task<Lane>[] = [];
  readonly #order: ReadonlyMap<Task<Lane>, number>;
  readonly #missing = new Map<Task<Lane>, number>();
  readonly #waiting = new Map<Task<Lane>, Task<Lane>[]>();
  #left: number;
  #change = Promise.withResolvers<void>();

  constructor(tasks: readonly Task<Lane>[]) {
    this.#order = new Map(tasks.map((task, at) => [task, at]));
    this.#left = tasks.length;
    for (const task of tasks) {
      const needed = new Set(task.after.filter((other) => this.#order.has(other)));
      for (const other of needed) {
        const waiting = this.#waiting.get(other);
        if (waiting) waiting.push(task);
        else this.#waiting.set(other, [task]);
      }
      if (needed.size > 0) this.#missing.set(task, needed.size);
      else this.#ready.push(task);
    }
    this.#ready.sort((a, b) => this.#compare(a, b));
  }

  /** Undefined once nothing is left to begin. */
  async take(): Promise<Task<Lane> | undefined> {
    while (this.#ready.length === 0 && this.#left > 0) await this.#change.promise;
    const task = this.#ready.pop();
    return this.#left > 0 ? task : undefined;
  }

  finish(task: Task<Lane>): void {
    this.#left -= 1;
    for (const other of this.#waiting.get(task) ?? []) {
      const missing = (this.#missing.get(other) ?? 0) - 1;
      this.#missing.set(other, missing);
      if (missing === 0) this.#insert(other);
    }
    this.#wake();
  }

  close(): void {
    this.#left = 0;
    this.#wake();
  }

  #wake(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  #insert(task: Task<Lane>): void {
    let [low, high] = [0, this.#ready.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#ready[middle];
      if (other && this.#compare(other, task) < 0) low = middle + 1;
      else high = middle;
    }
    this.#ready.splice(low, 0, task);
  }

  #compare(a: Task<Lane>, b: Task<Lane>): number {
    return a.weight - b.weight || (this.#order.get(b) ?? 0) - (this.#order.get(a) ?? 0);
  }
}

export interface Stage<Lane> {
  readonly tasks: readonly Task<Lane>[];
  /** Called once all tasks of the stages before are done; tasks of this one may be under way by then. */
  begin?(): void;
}

/** Does the tasks of all stages, as `runTasks`, and tells when the work comes to a stage. */
export async function runStages<Lane>(
  stages: readonly Stage<Lane>[],
  lanes: readonly Lane[],
  signal: AbortSignal,
): Promise<void> {
  const left = stages.map(({ tasks }) => tasks.length);
  const stageOf = new Map(
    stages.flatMap(({ tasks }, at) => tasks.map((task) => [task, at] as const)),
  );
  let current = -1;
  const goOn = () => {
    while (current < 0 || left[current] === 0) {
      current += 1;
      if (current >= stages.length) return;
      stages[current]?.begin?.();
    }
  };
  goOn();
  const tasks = stages.flatMap((stage) => stage.tasks);
  await runTasks(tasks, lanes, signal, (task) => {
    const at = stageOf.get(task) ?? 0;
    left[at] = (left[at] ?? 0) - 1;
    goOn();
  });
}
