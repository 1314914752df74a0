import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackupReader, PreparedBackup } from '../../../../../backup-agent/sources/source.ts';
import { MemoryRepository, type MemoryWriter } from './memory-repository.ts';

/** The memory repository, kept in a folder: a commit is a rename, so a kill leaves all or nothing. */
export class DiskRepository extends MemoryRepository {
  readonly #folder: string;
  #files = 0;

  private constructor(folder: string) {
    super();
    this.#folder = folder;
  }

  static async open(folder: string): Promise<DiskRepository> {
    const repository = new DiskRepository(folder);
    await mkdir(folder, { recursive: true });
    const files = (await readdir(folder)).filter((name) => name.endsWith('.json'));
    for (const name of files.toSorted()) {
      repository.#load(await readFile(join(folder, name), 'utf8'));
    }
    repository.#files = files.length;
    return repository;
  }

  override async commit(backup: PreparedBackup): Promise<void> {
    const { objects, meta } = backup.writer as MemoryWriter;
    const { kind, point, source } = backup;
    const text = JSON.stringify({
      kind,
      point,
      source,
      objects: plain(objects),
      meta: plain(meta),
    });
    this.#files += 1;
    const name = join(this.#folder, String(this.#files).padStart(6, '0'));
    await writeFile(`${name}.part`, text);
    await rename(`${name}.part`, `${name}.json`);
    this.#startChain(kind);
    await super.commit(backup);
  }

  #startChain(kind: BackupReader['kind']): void {
    if (kind === 'full') this.chain.length = 0;
  }

  #load(text: string): void {
    const stored = JSON.parse(text) as Stored;
    const writer = this.begin();
    for (const [name, content] of Object.entries(stored.objects)) {
      writer.objects.set(name, Buffer.from(content, 'base64'));
    }
    for (const [name, content] of Object.entries(stored.meta)) {
      writer.meta.set(name, Buffer.from(content, 'base64'));
    }
    const { kind, point, source } = stored;
    this.#startChain(kind);
    this.keep({ writer, kind, point, source, problems: [], items: 0 });
  }
}

interface Stored extends Pick<BackupReader, 'kind' | 'point'> {
  readonly source: Record<string, unknown>;
  readonly objects: Readonly<Record<string, string>>;
  readonly meta: Readonly<Record<string, string>>;
}

function plain(contents: ReadonlyMap<string, Buffer>): Record<string, string> {
  return Object.fromEntries([...contents].map(([name, bytes]) => [name, bytes.toString('base64')]));
}
