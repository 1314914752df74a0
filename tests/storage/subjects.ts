import { openLocalStorage } from '../../backup-agent/storage/local.ts';
import { openS3Storage } from '../../backup-agent/storage/s3.ts';
import type { S3StorageOptions } from '../../backup-agent/storage/s3/options.ts';
import type { Storage } from '../../backup-agent/storage/storage.ts';
import type { ConformanceSubject } from '../conformance/storage.ts';
import type { Role, S3ServerOptions } from '../fixtures/s3/options.ts';
import { startS3Server, type S3Server } from '../fixtures/s3/server.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** A local storage in a directory of its own, perhaps wrapped. */
export async function localSubject(
  wrap: (storage: Storage) => Storage = (storage) => storage,
): Promise<ConformanceSubject & { readonly prepare: Storage; readonly path: string }> {
  const directory = await temporaryDirectory();
  const prepare = openLocalStorage(directory.path);
  return {
    storage: wrap(prepare),
    prepare,
    path: directory.path,
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

export interface S3Subject extends ConformanceSubject {
  readonly server: S3Server;
  /** The same place with another role or other options. */
  readonly open: (options?: Partial<S3StorageOptions> & { readonly role?: Role }) => Storage;
}

/** A storage in a bucket of an endpoint of its own; the bucket is `plain`, `versioned` or `locked`. */
export async function s3Subject(
  bucket: string,
  options: Partial<S3StorageOptions> = {},
  serverOptions: S3ServerOptions = {},
): Promise<S3Subject> {
  const server = await startS3Server(serverOptions);
  const opened: Storage[] = [];
  const open: S3Subject['open'] = ({ role = 'full', ...more } = {}) => {
    const storage = openS3Storage({
      bucket,
      prefix: 'some/prefix',
      endpoint: server.endpoint,
      pathStyle: true,
      credentials: {
        accessKeyId: `TEST${role.toUpperCase()}`,
        secretAccessKey: `test-secret-${role}`,
      },
      partBytes: 5 * 1024 * 1024,
      retry: { sleep: async () => undefined },
      ...options,
      ...more,
    });
    opened.push(storage);
    return storage;
  };
  return {
    storage: open(),
    server,
    open,
    async [Symbol.asyncDispose]() {
      for (const storage of opened) await storage.close();
      await server[Symbol.asyncDispose]();
    },
  };
}
