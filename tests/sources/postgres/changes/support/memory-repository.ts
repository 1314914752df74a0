import { setImmediate } from 'node:timers/promises';
import type { Problem } from '../../../../../backup-agent/errors/holdfast-error.ts';
import type {
  BackupReader,
  BackupRun,
  BackupWriter,
  ByteStream,
  PreparedBackup,
  WrittenObject,
} from '../../../../../backup-agent/sources/source.ts';

/** In the order in which they come; `advanced` is the end of the run. */
export const backupSteps = [
  'begun',
  'stored',
  'described',
  'yielded',
  'committed',
  'advanced',
] as const;
export type BackupStep = (typeof backupSteps)[number];

const quiet = () => undefined;

/** Keeps backups in memory, plain, as a repository would: only what was committed is in the chain. */
export class MemoryRepository {
  readonly chain: BackupReader[] = [];
  readonly problems: Problem[] = [];
  /** Called between any two steps of a backup, with the name of the step that was just done. */
  onStep: (step: BackupStep) => Promise<void> = async () => undefined;
  #count = 0;

  run(signal: AbortSignal = new AbortController().signal): BackupRun {
    return {
      requested: 'incremental',
      chain: [...this.chain],
      begin: async () => {
        const writer = this.begin();
        await this.onStep('begun');
        return writer;
      },
      signal,
      progress: { step: quiet, advance: quiet, note: quiet },
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
      now: () => new Date(),
    };
  }

  begin(): MemoryWriter {
    return new MemoryWriter(`backup-${++this.#count}`, (step) => this.onStep(step));
  }

  async commit(backup: PreparedBackup): Promise<void> {
    this.keep(backup);
    await this.onStep('committed');
  }

  protected keep(backup: PreparedBackup): void {
    const { objects, meta } = backup.writer as MemoryWriter;
    this.problems.push(...backup.problems);
    this.chain.push({
      id: backup.writer.id,
      kind: backup.kind,
      point: backup.point,
      source: backup.source,
      objectNames: [...objects.keys()],
      readObject: async (name) => pieces(objects.get(name)),
      readMeta: async (name) => pieces(meta.get(name)),
    });
  }
}

export class MemoryWriter implements BackupWriter {
  readonly id: string;
  readonly objects = new Map<string, Buffer>();
  readonly meta = new Map<string, Buffer>();

  readonly #onStep: (step: BackupStep) => Promise<void>;

  constructor(id: string, onStep: (step: BackupStep) => Promise<void>) {
    this.id = id;
    this.#onStep = onStep;
  }

  writeObject(name: string, plaintext: ByteStream): Promise<WrittenObject> {
    return this.#write(this.objects, name, plaintext, 'stored');
  }

  writeMeta(name: string, plaintext: ByteStream): Promise<WrittenObject> {
    return this.#write(this.meta, name, plaintext, 'described');
  }

  async #write(
    into: Map<string, Buffer>,
    name: string,
    plaintext: ByteStream,
    step: BackupStep,
  ): Promise<WrittenObject> {
    const parts: Uint8Array[] = [];
    for await (const part of plaintext) parts.push(part as Uint8Array);
    const bytes = Buffer.concat(parts);
    into.set(name, bytes);
    await this.#onStep(step);
    return { name, plaintextBytes: bytes.length, sizeBytes: bytes.length, sha256: '' };
  }
}

async function* pieces(bytes: Buffer | undefined): AsyncGenerator<Uint8Array> {
  if (bytes === undefined) throw new Error('no such object');
  for (let at = 0; at < bytes.length; at += 65_536) {
    await setImmediate();
    yield bytes.subarray(at, at + 65_536);
  }
}
