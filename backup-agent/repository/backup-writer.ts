import type { Compression } from '../../contracts/job.ts';
import { objectName, type ObjectEntry } from '../../contracts/manifest.ts';
import type {
  BackupWriter,
  ByteStream,
  InterruptedBackup,
  WrittenObject,
} from '../sources/source.ts';
import type { Storage } from '../storage/storage.ts';
import { compress, type Content } from '../stream/compress.ts';
import { oneAhead } from '../stream/ahead.ts';
import { digest } from '../stream/digest.ts';
import { encrypt } from '../stream/encrypt.ts';
import { through, type ByteSource } from '../stream/transform.ts';
import type { BackupJournal } from './backup-journal.ts';
import { objectKey, storedName, type Area } from './layout.ts';

export interface BackupWriterOptions {
  readonly storage: Storage;
  readonly job: string;
  readonly id: string;
  readonly recipients: Readonly<Record<Area, readonly string[]>>;
  readonly compression?: Compression;
  readonly lockUntil?: Date;
  readonly signal: AbortSignal;
  /** Notes each object before it is published. */
  readonly journal?: Pick<BackupJournal, 'object'>;
  /** What an interrupted run stored of this backup. */
  readonly left?: LeftObjects;
}

/** Objects that are stored already, and what they tell the source. */
export interface LeftObjects {
  readonly entries: Readonly<Record<Area, readonly ObjectEntry[]>>;
  readonly plaintextBytes: number;
  readonly interrupted: InterruptedBackup;
}

/** What a writer has stored so far: the manifest's lists. */
export interface WrittenObjects {
  readonly objects: readonly ObjectEntry[];
  readonly meta: readonly ObjectEntry[];
  readonly plaintextBytes: number;
  readonly storedBytes: number;
}

/** Stores the objects of one backup. Nothing of it exists before a commit names its manifest. */
export class RepositoryBackupWriter implements BackupWriter {
  readonly id: string;
  readonly startedAt: Date;
  readonly interrupted?: InterruptedBackup;
  readonly #options: BackupWriterOptions;
  readonly #entries: Record<Area, ObjectEntry[]>;
  #plaintextBytes: number;

  constructor(options: BackupWriterOptions, startedAt: Date) {
    this.#options = options;
    this.id = options.id;
    this.startedAt = startedAt;
    const { left } = options;
    this.#entries = {
      objects: [...(left?.entries.objects ?? [])],
      meta: [...(left?.entries.meta ?? [])],
    };
    this.#plaintextBytes = left?.plaintextBytes ?? 0;
    if (left) this.interrupted = left.interrupted;
  }

  writeObject(name: string, plaintext: ByteStream, note?: () => string): Promise<WrittenObject> {
    return this.#write('objects', name, plaintext, note);
  }

  writeMeta(name: string, plaintext: ByteStream, note?: () => string): Promise<WrittenObject> {
    return this.#write('meta', name, plaintext, note);
  }

  /** In the order of their names, so that equal backups have equal manifests. */
  get written(): WrittenObjects {
    const byName = (left: ObjectEntry, right: ObjectEntry) => (left.name < right.name ? -1 : 1);
    const { objects, meta } = this.#entries;
    return {
      objects: objects.toSorted(byName),
      meta: meta.toSorted(byName),
      plaintextBytes: this.#plaintextBytes,
      storedBytes: [...objects, ...meta].reduce((sum, entry) => sum + entry.sizeBytes, 0),
    };
  }

  async #write(
    area: Area,
    name: string,
    plaintext: ByteStream,
    note?: () => string,
  ): Promise<WrittenObject> {
    const { storage, job, id, recipients, compression, lockUntil, signal } = this.#options;
    const stored = storedName(objectName.parse(name));
    const content = digest();
    const counted = countBytes(plaintext);
    const ciphertext = through(
      counted.source,
      [
        compress({ ...compression, content: contentOf(name) }),
        encrypt(recipients[area]),
        content.transform,
        oneAhead,
      ],
      { signal },
    );
    const journal = this.#options.journal;
    const body = journal
      ? endingWith(ciphertext, async () => {
          const plaintextBytes = counted.bytes();
          const object = { area, name: stored, plaintextBytes, ...content.result() };
          await journal.object(object, note?.() ?? '');
        })
      : ciphertext;
    const put = await storage.put(objectKey(job, id, area, stored), body, {
      ifAbsent: true,
      signal,
      ...(lockUntil ? { lockUntil } : {}),
    });
    const { sizeBytes, sha256 } = content.result();
    this.#entries[area].push({
      name: stored,
      sizeBytes,
      sha256,
      ...(put.version === undefined ? {} : { version: put.version }),
    });
    this.#plaintextBytes += counted.bytes();
    return { name, plaintextBytes: counted.bytes(), sizeBytes, sha256 };
  }
}

/** Told by the name, which says what the object is to whoever recovers it by hand. */
function contentOf(name: string): Content {
  return /\.(copy|pgoutput)$/.test(name) ? 'rows' : 'anything';
}

/** Does a last thing before whoever reads the stream learns that it is at its end. */
async function* endingWith(
  source: AsyncIterable<Uint8Array>,
  act: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  yield* source;
  await act();
}

function countBytes(source: ByteSource): { source: ByteSource; bytes: () => number } {
  let bytes = 0;
  return {
    bytes: () => bytes,
    source: (async function* () {
      for await (const chunk of source) {
        bytes += chunk.length;
        yield chunk;
      }
    })(),
  };
}
