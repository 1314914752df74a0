import { join } from 'node:path';
import { openLocalStorage, type LocalStorageOptions } from '../../../backup-agent/storage/local.ts';
import { openS3Storage } from '../../../backup-agent/storage/s3.ts';
import type { Storage } from '../../../backup-agent/storage/storage.ts';

/** Where the repositories of a test live; plain data, so that a child process can open them too. */
export type Store =
  | { readonly type: 'local'; readonly directory: string }
  | {
      readonly type: 's3';
      readonly endpoint: string;
      readonly bucket: string;
      readonly prefix: string;
    };

/** Each repository is a folder of its own, or a prefix of the bucket. */
export function openStore(store: Store, name: string, local: LocalStorageOptions = {}): Storage {
  if (store.type === 'local') return openLocalStorage(join(store.directory, name), local);
  return openS3Storage({
    bucket: store.bucket,
    prefix: `${store.prefix}/${name}`,
    region: 'eu-central-1',
    endpoint: store.endpoint,
    pathStyle: true,
    credentials: { accessKeyId: 'TESTFULL', secretAccessKey: 'test-secret-full' },
    retry: { firstPauseMs: 1, longestPauseMs: 5 },
    ...(store.bucket === 'locked' ? { objectLock: 'governance' } : {}),
  });
}

/** Of the job in kill tests: the newest backup stays, and its chain. */
export const killJob = { retention: { keepLast: 1 } };
