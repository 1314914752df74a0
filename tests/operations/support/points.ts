import { ForwardingStorage } from '../../../backup-agent/storage/forwarding.ts';
import type { Body, PutOptions, Storage } from '../../../backup-agent/storage/storage.ts';

/** What a write is of: `lease`, `object`, `meta`, `manifest`, `commit`, `header` … */
function kindOf(key: string): string {
  if (key.startsWith('leases/')) return 'lease';
  const area = /\/(commits|objects|meta)\//.exec(key)?.[1];
  if (area !== undefined) return area;
  return key.endsWith('/manifest.json') ? 'manifest' : key;
}

/**
 * A storage that calls `point` before and after each change it makes: `before put manifest`, `after
 * remove objects`. There a process may die, and nothing else of it is durable.
 */
export function withPoints(inner: Storage, point: (name: string) => void): Storage {
  const around = async <Result>(what: string, act: () => Promise<Result>): Promise<Result> => {
    point(`before ${what}`);
    const result = await act();
    point(`after ${what}`);
    return result;
  };
  return new Proxy(inner, {
    get(target, property) {
      if (property === 'put')
        return (...args: Parameters<Storage['put']>) =>
          around(`put ${kindOf(args[0])}`, () => target.put(...args));
      if (property === 'remove')
        return (...args: Parameters<Storage['remove']>) =>
          around(`remove ${kindOf(args[0])}`, () => target.remove(...args));
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** A storage that tells of every byte that it takes in. */
export function countingPuts(inner: Storage, count: (bytes: number) => void): Storage {
  return new CountingPuts(inner, count);
}

class CountingPuts extends ForwardingStorage {
  readonly #count: (bytes: number) => void;

  constructor(inner: Storage, count: (bytes: number) => void) {
    super(inner);
    this.#count = count;
  }

  override async put(key: string, body: Body, options?: PutOptions) {
    return super.put(key, this.#counted(body), options);
  }

  async *#counted(body: Body): AsyncGenerator<Uint8Array> {
    const chunks = body instanceof Uint8Array ? [body] : body;
    for await (const chunk of chunks) {
      this.#count(chunk.length);
      yield chunk;
    }
  }
}
