import { openLocalStorage } from '../../backup-agent/storage/local.ts';
import { storageConformance } from '../conformance/storage.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

storageConformance('local storage', async () => {
  const directory = await temporaryDirectory();
  return {
    storage: openLocalStorage(directory.path),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
});
