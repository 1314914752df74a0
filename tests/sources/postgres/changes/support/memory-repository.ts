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

const quiet = () => undefined;

/** Keeps backups in memory, plain, as a repository would: only what was committed is in the chain. */
export class MemoryRepository {
  readonly chain: BackupReader[] = [];
  readonly problems: Problem[] = [];
  #count = 0;

  run(signal: AbortSignal = new AbortController().signal): BackupRun {
    return {
      requested: 'incremental',
      chain: [...this.chain],
      begin: async () => this.begin(),
      signal,
      progress: { step: quiet, advance: quiet, note: quiet },
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
      now: () => new Date(),
    };
  }

  begin(): MemoryWriter {
    return new MemoryWriter(`backup-${++this.#count}`);
  }

  commit(backup: PreparedBackup): void {
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

  constructor(id: string) {
    this.id = id;
  }

  writeObject(name: string, plaintext: ByteStream): Promise<WrittenObject> {
    return this.#write(this.objects, name, plaintext);
  }

  writeMeta(name: string, plaintext: ByteStream): Promise<WrittenObject> {
    return this.#write(this.meta, name, plaintext);
  }

  async #write(
    into: Map<string, Buffer>,
    name: string,
    plaintext: ByteStream,
  ): Promise<WrittenObject> {
    const parts: Uint8Array[] = [];
    for await (const part of plaintext) parts.push(part as Uint8Array);
    const bytes = Buffer.concat(parts);
    into.set(name, bytes);
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
