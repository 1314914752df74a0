import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { backupKinds, objectName } from '../../contracts/manifest.ts';
import { backupId, name, sha256, timestamp } from '../../contracts/names.ts';
import { makeFolders } from '../make-folders.ts';

const fingerprints = z.array(sha256);

/** The first line: which backup it is, and what must still hold for another run to go on in it. */
const journalHeader = z.strictObject({
  format: z.literal('holdfast-backup-journal/1'),
  repositoryId: z.uuid(),
  job: name,
  backup: backupId,
  kind: z.enum(backupKinds),
  startedAt: timestamp,
  /** The newest backup when this one began; null when there was none. */
  newest: backupId.nullable(),
  recipients: z.strictObject({ objects: fingerprints, meta: fingerprints }),
  /** What the source needs to be the same, as JSON. */
  plan: z.string(),
  /** What the source told to whom goes on. */
  note: z.string(),
});
export type JournalHeader = z.infer<typeof journalHeader>;

const journalLine = z.union([
  z.strictObject({
    at: timestamp,
    area: z.enum(['objects', 'meta']),
    name: objectName,
    plaintextBytes: z.int().nonnegative(),
    sizeBytes: z.int().nonnegative(),
    sha256,
    /** So many bytes of a note follow on the next line. */
    noteBytes: z.int().nonnegative(),
  }),
  z.strictObject({ at: timestamp, resumed: z.literal(true) }),
  z.strictObject({ at: timestamp, manifest: z.base64() }),
]);
type JournalLine = z.infer<typeof journalLine>;
type WithoutTime<Line> = Line extends unknown ? Omit<Line, 'at'> : never;

/** An object that was about to be published when its line was written. */
export interface JournalObject extends Extract<JournalLine, { area: string }> {
  /** Counts the runs that worked on the backup, from 0. */
  readonly attempt: number;
  /** Where the note lies in the file. */
  readonly noteAt: number;
}

/** What a journal says; whatever follows the first line that is torn or no line is not part of it. */
export interface JournalContent {
  readonly header: JournalHeader;
  readonly objects: readonly JournalObject[];
  /** The sealed manifest, once all else is stored. */
  readonly manifest?: Uint8Array;
  /** When the last line was written. */
  readonly lastAt: Date;
  /** The length of what is whole. */
  readonly sizeBytes: number;
}

const lineFeed = 0x0a;
/** A manifest is the longest, and no document is longer. */
const longestLineBytes = 128 * 2 ** 20;

/** One for each job and repository: there is one backup at a time. */
export function journalFile(stateDirectory: string, repositoryId: string, job: string): string {
  return join(stateDirectory, 'interrupted', repositoryId, `${job}.journal`);
}

/** Undefined when there is no journal, or none with a header that is whole. */
export async function readJournal(file: string): Promise<JournalContent | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  await using reader = new JournalReader(handle);
  const header = journalHeader.safeParse(await reader.json());
  if (!header.success) return undefined;
  const objects: JournalObject[] = [];
  let manifest: Uint8Array | undefined;
  let lastAt = header.data.startedAt;
  let attempt = 0;
  let sizeBytes = reader.position;
  for (;;) {
    const line = journalLine.safeParse(await reader.json());
    if (!line.success) break;
    const noteAt = reader.position;
    if ('area' in line.data) {
      if (!(await reader.skipLine(line.data.noteBytes))) break;
      objects.push({ ...line.data, attempt, noteAt });
    } else if ('manifest' in line.data) manifest = Buffer.from(line.data.manifest, 'base64');
    else attempt += 1;
    lastAt = line.data.at;
    sizeBytes = reader.position;
  }
  return {
    header: header.data,
    objects,
    ...(manifest ? { manifest } : {}),
    lastAt: new Date(lastAt),
    sizeBytes,
  };
}

/** Reads lines, and passes over notes without reading them. */
class JournalReader implements AsyncDisposable {
  position = 0;
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** The next line's JSON; undefined where there is no whole line of JSON. */
  async json(): Promise<unknown> {
    const pieces: Buffer[] = [];
    for (let at = this.position; ;) {
      const piece = Buffer.alloc(4096);
      const { bytesRead } = await this.#handle.read(piece, 0, piece.length, at);
      if (bytesRead === 0 || at - this.position > longestLineBytes) return undefined;
      const end = piece.subarray(0, bytesRead).indexOf(lineFeed);
      pieces.push(piece.subarray(0, end < 0 ? bytesRead : end));
      at += bytesRead;
      if (end < 0) continue;
      const line = Buffer.concat(pieces);
      try {
        const value: unknown = JSON.parse(line.toString('utf8'));
        this.position += line.length + 1;
        return value;
      } catch {
        return undefined;
      }
    }
  }

  /** Whether so many bytes and a line feed follow; goes behind them. */
  async skipLine(sizeBytes: number): Promise<boolean> {
    const end = Buffer.alloc(1);
    const { bytesRead } = await this.#handle.read(end, 0, 1, this.position + sizeBytes);
    if (bytesRead === 0 || end[0] !== lineFeed) return false;
    this.position += sizeBytes + 1;
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}

/** The note of one object, as the source gave it. */
export async function readNote(file: string, object: JournalObject): Promise<string> {
  await using handle = await open(file);
  const note = Buffer.alloc(object.noteBytes);
  const { bytesRead } = await handle.read(note, 0, note.length, object.noteAt);
  if (bytesRead < note.length) throw new Error(`${file} became shorter while it was read`);
  return note.toString('utf8');
}

export interface JournalOptions {
  readonly now: () => Date;
  /** The journal cannot be written: the backup goes on, and nobody will be able to go on in it. */
  readonly onBroken: (error: unknown) => void;
}

/**
 * Tells a later run on this host how far a backup came. A line is durable before the object that it
 * speaks of is published: so whatever is published is in the journal, and what is in the journal
 * need not be published. It says what paths there are: its folder and itself are the owner's alone.
 */
export class BackupJournal {
  readonly #file: string;
  readonly #options: JournalOptions;
  #written: Promise<void> = Promise.resolve();
  #broken = false;

  private constructor(file: string, options: JournalOptions) {
    this.#file = file;
    this.#options = options;
  }

  /** Begins a new journal in the place of any other. */
  static async start(
    file: string,
    options: JournalOptions,
    header: JournalHeader,
  ): Promise<BackupJournal> {
    await makeFolders(dirname(file));
    const temporary = `${file}.${process.pid}`;
    {
      await using handle = await open(temporary, 'w', 0o600);
      await handle.writeFile(`${JSON.stringify(header)}\n`);
      await handle.sync();
    }
    await rename(temporary, file);
    await syncFolder(dirname(file));
    return new BackupJournal(file, options);
  }

  /** Goes on behind what is whole. */
  static async resume(
    file: string,
    options: JournalOptions,
    { sizeBytes }: JournalContent,
  ): Promise<BackupJournal> {
    {
      await using handle = await open(file, 'r+');
      await handle.truncate(sizeBytes);
    }
    const journal = new BackupJournal(file, options);
    await journal.#append({ resumed: true });
    return journal;
  }

  /** To be called before the object can be seen. */
  async object(
    object: Omit<Extract<JournalLine, { area: string }>, 'at' | 'noteBytes'>,
    note: string,
  ): Promise<void> {
    const bytes = Buffer.from(note);
    await this.#append({ ...object, noteBytes: bytes.length }, bytes);
  }

  /** To be called when all but the manifest is published, and before that is. */
  async manifest(bytes: Uint8Array): Promise<void> {
    await this.#append({ manifest: Buffer.from(bytes).toString('base64') });
  }

  /** One line at a time, so that none stands in another. */
  async #append(line: WithoutTime<JournalLine>, note?: Buffer): Promise<void> {
    const at = this.#options.now().toISOString();
    const head = Buffer.from(`${JSON.stringify({ at, ...line })}\n`);
    const bytes = note ? Buffer.concat([head, note, Buffer.of(lineFeed)]) : head;
    this.#written = this.#written.then(() => this.#write(bytes));
    await this.#written;
  }

  async #write(bytes: Buffer): Promise<void> {
    if (this.#broken) return;
    try {
      await using handle = await open(this.#file, 'a', 0o600);
      await handle.writeFile(bytes);
      await handle.datasync();
    } catch (error) {
      // A later line would stand behind one that is torn.
      this.#broken = true;
      this.#options.onBroken(error);
    }
  }
}

/** The backup is committed, or nothing can go on in it. */
export async function removeJournal(file: string): Promise<void> {
  await rm(file, { force: true });
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path);
  await folder.sync();
}
