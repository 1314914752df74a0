import { isHoldfastError } from '../../backup-agent/errors/holdfast-error.ts';
import { openLocalStorage } from '../../backup-agent/storage/local.ts';

/** A writer as a process of its own, for tests that race or kill it. */
const [mode, path = '', name = '', count = '0'] = process.argv.slice(2);
const storage = openLocalStorage(path);

if (mode === 'race')
  for (let index = 0; index < Number(count); index += 1) {
    const key = `commits/${index}`;
    try {
      await storage.put(key, Buffer.from(name), { ifAbsent: true });
      process.stdout.write(`${key}\n`);
    } catch (error) {
      if (!isHoldfastError(error, 'storage-object-exists')) throw error;
    }
  }
else if (mode === 'once')
  try {
    await storage.put('big', chunks(), { ifAbsent: true });
  } catch (error) {
    process.stdout.write(`${isHoldfastError(error) ? error.code : String(error)}\n`);
  }
else
  for (let index = 0; ; index += 1) {
    process.stdout.write('.\n');
    await storage.put(`${name}/${index}`, chunks(), { ifAbsent: true });
  }

async function* chunks(): AsyncGenerator<Uint8Array> {
  for (let chunk = 0; chunk < 30; chunk += 1) {
    yield Buffer.alloc(10_000, chunk);
    await new Promise(setImmediate);
  }
}
