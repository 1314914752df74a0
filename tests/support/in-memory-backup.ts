import { createHash } from 'node:crypto';
import type { BackupKind } from '../../contracts/manifest.ts';
import type {
  BackupReader,
  BackupRun,
  BackupWriter,
  ByteStream,
  Log,
  PreparedBackup,
  Progress,
  Source,
  WrittenObject,
} from '../../backup-agent/sources/source.ts';

export const silentProgress: Progress = { step() {}, advance() {}, note() {} };
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** A backup whose plaintext stays in memory, to test sources without a repository. */
export class InMemoryBackup implements BackupWriter {
  readonly id: string;
  readonly objects = new Map<string, Buffer>();
  readonly meta = new Map<string, Buffer>();

  constructor(id: string) {
    this.id = id;
  }

  writeObject(name: string, plaintext: ByteStream): Promise<WrittenObject> {
    return collect(this.objects, name, plaintext);
  }

  writeMeta(name: string, plaintext: ByteStream): Promise<WrittenObject> {
    return collect(this.meta, name, plaintext);
  }

  reader(prepared: Pick<PreparedBackup, 'kind' | 'point' | 'source'>): BackupReader {
    return {
      id: this.id,
      kind: prepared.kind,
      point: prepared.point,
      // What a manifest brings back is JSON.
      source: JSON.parse(JSON.stringify(prepared.source)),
      objectNames: [...this.objects.keys()],
      readObject: async (name) => pieces(this.objects, name),
      readMeta: async (name) => pieces(this.meta, name),
    };
  }
}

async function collect(
  into: Map<string, Buffer>,
  name: string,
  plaintext: ByteStream,
): Promise<WrittenObject> {
  if (into.has(name)) throw new Error(`${name} is written twice`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of plaintext) chunks.push(Uint8Array.from(chunk));
  const bytes = Buffer.concat(chunks);
  if (into.has(name)) throw new Error(`${name} is written twice`);
  into.set(name, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { name, plaintextBytes: bytes.length, sizeBytes: bytes.length, sha256 };
}

const pieceBytes = 100_003;

/** In pieces of an odd size, so that no reader may count on where they end. */
async function* pieces(from: Map<string, Buffer>, name: string): AsyncGenerator<Buffer> {
  const bytes = from.get(name);
  if (!bytes) throw new Error(`there is no ${name}`);
  for (let start = 0; start < bytes.length; start += pieceBytes)
    yield bytes.subarray(start, start + pieceBytes);
}

export interface TakenBackup extends PreparedBackup {
  readonly writer: InMemoryBackup;
  readonly reader: BackupReader;
}

export interface TakeOptions {
  readonly chain?: readonly BackupReader[];
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
  readonly now?: () => Date;
}

/** Runs a source once and "commits" all that it yields. */
export async function takeBackups(
  source: Source,
  requested: BackupKind,
  options: TakeOptions = {},
): Promise<TakenBackup[]> {
  const { chain = [], now = () => new Date() } = options;
  const taken: TakenBackup[] = [];
  const run: BackupRun = {
    requested,
    chain,
    signal: options.signal ?? new AbortController().signal,
    progress: options.progress ?? silentProgress,
    log: silentLog,
    now,
    begin: async () => new InMemoryBackup(backupId(chain.length + taken.length)),
  };
  for await (const prepared of source.backup(run)) {
    const { writer } = prepared;
    if (!(writer instanceof InMemoryBackup)) throw new TypeError('not a writer of this run');
    taken.push({ ...prepared, writer, reader: writer.reader(prepared) });
  }
  return taken;
}

function backupId(number: number): string {
  return `20261122T210500Z-${number.toString(16).padStart(6, '0')}`;
}
