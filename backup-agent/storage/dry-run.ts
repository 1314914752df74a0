import { HoldfastError } from '../errors/holdfast-error.ts';
import { ForwardingStorage } from './forwarding.ts';
import { assertKey } from './key.ts';
import { sizedBody } from './sized-body.ts';
import type {
  Body,
  PutOptions,
  RemoveOptions,
  Storage,
  StoredObject,
  VersionOptions,
} from './storage.ts';

export type DryRunAction =
  | { readonly kind: 'put'; readonly key: string; readonly sizeBytes: number }
  | { readonly kind: 'remove'; readonly key: string; readonly version?: string }
  | { readonly kind: 'hold' | 'release'; readonly key: string };

/**
 * Reads for real, and changes nothing: what would have been done is told to `tell`. A put reads its
 * body to the end and checks its size and conditions, but its object does not appear.
 */
export function dryRun(
  storage: Storage,
  tell: (action: DryRunAction) => void = () => undefined,
): Storage {
  return new DryRunStorage(storage, tell);
}

class DryRunStorage extends ForwardingStorage {
  readonly #tell: (action: DryRunAction) => void;

  constructor(inner: Storage, tell: (action: DryRunAction) => void) {
    super(inner);
    this.#tell = tell;
  }

  override async put(key: string, body: Body, options: PutOptions = {}): Promise<StoredObject> {
    assertKey(key);
    options.signal?.throwIfAborted();
    let sizeBytes = 0;
    for await (const chunk of sizedBody(key, body, options)) sizeBytes += chunk.byteLength;
    await this.#assertConditions(key, options);
    this.#tell({ kind: 'put', key, sizeBytes });
    return { key, sizeBytes, modifiedAt: await this.now(options), etag: 'dry-run' };
  }

  override async remove(key: string, options: RemoveOptions = {}): Promise<void> {
    assertKey(key);
    options.signal?.throwIfAborted();
    const { version } = options;
    this.#tell({ kind: 'remove', key, ...(version === undefined ? {} : { version }) });
  }

  override async setLegalHold(
    key: string,
    held: boolean,
    options: VersionOptions = {},
  ): Promise<void> {
    assertKey(key);
    options.signal?.throwIfAborted();
    this.#tell({ kind: held ? 'hold' : 'release', key });
  }

  override async removeUnfinished(): Promise<number> {
    return 0;
  }

  async #assertConditions(key: string, options: PutOptions): Promise<void> {
    const { ifAbsent, ifMatch } = options;
    if (ifAbsent !== true && ifMatch === undefined) return;
    const present = await this.stat(key, options);
    const place = `object ${JSON.stringify(key)} in ${this.location}`;
    if (ifAbsent === true && present !== undefined)
      throw new HoldfastError('storage-object-exists', `${place} already exists`);
    if (ifMatch !== undefined && present?.etag !== ifMatch)
      throw new HoldfastError('storage-changed', `${place} changed or is gone`);
  }
}
