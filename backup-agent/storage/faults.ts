import { ForwardingStorage } from './forwarding.ts';
import type {
  Body,
  CallOptions,
  GetOptions,
  ObjectVersion,
  PutOptions,
  RemoveOptions,
  Storage,
  StoredObject,
  VersionListOptions,
} from './storage.ts';

export type FaultPoint = 'put' | 'get' | 'stat' | 'list' | 'listVersions' | 'remove';

/** What happens at a point. The `-after` kinds act once the call has taken effect. */
export type FaultAction =
  | { readonly kind: 'fail' | 'fail-after'; readonly error: Error }
  | { readonly kind: 'run' | 'run-after'; readonly run: (key: string) => void | Promise<void> }
  /** A read, or a put's body, breaks off after so many bytes. */
  | { readonly kind: 'break'; readonly afterBytes: number; readonly error: Error }
  /** A read, or a put's body, ends early as if it were complete. */
  | { readonly kind: 'truncate'; readonly afterBytes: number }
  /** One bit of a read, or of a put's body, is flipped. */
  | { readonly kind: 'flip'; readonly atByte: number };

export interface Fault {
  readonly point: FaultPoint;
  /** A part of the key (or prefix) that must be concerned. */
  readonly key?: string;
  /** How many matching calls pass unharmed first; 0. */
  readonly skip?: number;
  /** How many calls are hit; 1. */
  readonly times?: number;
  readonly action: FaultAction;
}

export interface Faults {
  arm(fault: Fault): void;
  disarm(): void;
  /** What the next matching call meets. */
  next(point: FaultPoint, key: string): FaultAction | undefined;
}

export function createFaults(): Faults {
  let armed: { readonly fault: Fault; skip: number; times: number }[] = [];
  return {
    arm(fault) {
      armed.push({ fault, skip: fault.skip ?? 0, times: fault.times ?? 1 });
    },
    disarm() {
      armed = [];
    },
    next(point, key) {
      const hit = armed.find(
        ({ fault, times }) =>
          times > 0 &&
          fault.point === point &&
          (fault.key === undefined || key.includes(fault.key)),
      );
      if (hit === undefined) return undefined;
      if (hit.skip > 0) {
        hit.skip -= 1;
        return undefined;
      }
      hit.times -= 1;
      return hit.fault.action;
    },
  };
}

/** For tests and drills' self-tests: a storage that fails where it was told to. */
export function withFaults(storage: Storage, faults: Faults): Storage {
  return new FaultyStorage(storage, faults);
}

class FaultyStorage extends ForwardingStorage {
  readonly #faults: Faults;

  constructor(inner: Storage, faults: Faults) {
    super(inner);
    this.#faults = faults;
  }

  override async put(key: string, body: Body, options?: PutOptions): Promise<StoredObject> {
    return this.#around('put', key, (action) =>
      super.put(key, spoils(action) ? spoiled(chunksOf(body), action) : body, options),
    );
  }

  override async get(key: string, options?: GetOptions): Promise<AsyncIterable<Uint8Array>> {
    return this.#around('get', key, async (action) => {
      const source = await super.get(key, options);
      return spoils(action) ? spoiled(source, action) : source;
    });
  }

  override async stat(key: string, options?: CallOptions): Promise<StoredObject | undefined> {
    return this.#around('stat', key, () => super.stat(key, options));
  }

  override async *list(prefix: string, options?: CallOptions): AsyncGenerator<StoredObject> {
    yield* await this.#around('list', prefix, async () => super.list(prefix, options));
  }

  override async *listVersions(
    prefix: string,
    options?: VersionListOptions,
  ): AsyncGenerator<ObjectVersion> {
    yield* await this.#around('listVersions', prefix, async () =>
      super.listVersions(prefix, options),
    );
  }

  override async remove(key: string, options?: RemoveOptions): Promise<void> {
    return this.#around('remove', key, () => super.remove(key, options));
  }

  async #around<Result>(
    point: FaultPoint,
    key: string,
    call: (action: FaultAction | undefined) => Promise<Result>,
  ): Promise<Result> {
    const action = this.#faults.next(point, key);
    if (action?.kind === 'fail') throw action.error;
    if (action?.kind === 'run') await action.run(key);
    const result = await call(action);
    if (action?.kind === 'fail-after') throw action.error;
    if (action?.kind === 'run-after') await action.run(key);
    return result;
  }
}

type SpoilingAction = Extract<FaultAction, { kind: 'break' | 'truncate' | 'flip' }>;

function spoils(action: FaultAction | undefined): action is SpoilingAction {
  return action !== undefined && ['break', 'truncate', 'flip'].includes(action.kind);
}

async function* chunksOf(body: Body): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) yield body;
  else yield* body;
}

async function* spoiled(
  source: AsyncIterable<Uint8Array>,
  action: SpoilingAction,
): AsyncGenerator<Uint8Array> {
  let passed = 0;
  for await (const chunk of source) {
    const before = passed;
    // Taken now: whoever gets the chunk may give its memory back.
    passed += chunk.byteLength;
    if (action.kind === 'flip') yield flipped(chunk, action.atByte - before);
    else {
      const left = action.afterBytes - before;
      if (chunk.byteLength > left) {
        if (left > 0) yield chunk.subarray(0, left);
        if (action.kind === 'break') throw action.error;
        return;
      }
      yield chunk;
    }
  }
}

function flipped(chunk: Uint8Array, at: number): Uint8Array {
  if (at < 0 || at >= chunk.byteLength) return chunk;
  const copy = Uint8Array.from(chunk);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
