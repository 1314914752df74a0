import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { makeFolders } from '../../make-folders.ts';
import { errorCode } from '../files/system-errors.ts';

const record = z.strictObject({ uploadId: z.string().min(1) });

/**
 * Remembers which uploads a restore has begun, so that it goes on with them when it is killed and run
 * again: a bucket tells of unfinished uploads, but not whose they are. A record that is lost costs a
 * repetition.
 */
export class UnfinishedUploads {
  readonly #directory: string;
  readonly #restore: string;

  /** @param restore - names the backup and the bucket: what else is restored elsewhere is another's */
  constructor(directory: string, restore: string) {
    this.#directory = directory;
    this.#restore = restore;
  }

  /** The id of the upload that an earlier run has begun for the object. */
  async find(path: Buffer): Promise<string | undefined> {
    try {
      return record.parse(JSON.parse(await readFile(this.#file(path), 'utf8'))).uploadId;
    } catch {
      return undefined;
    }
  }

  /** A host that cannot write its state restores all the same. */
  async remember(path: Buffer, uploadId: string): Promise<void> {
    try {
      await makeFolders(this.#directory);
      await writeFile(this.#file(path), JSON.stringify({ uploadId }));
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
    }
  }

  async forget(path: Buffer): Promise<void> {
    try {
      await rm(this.#file(path), { force: true });
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
    }
  }

  #file(path: Buffer): string {
    const name = createHash('sha256').update(`${this.#restore}\0`).update(path).digest('hex');
    return join(this.#directory, `${name}.json`);
  }
}
