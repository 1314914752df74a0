import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { generateIdentity } from '../backup-agent/keys/identities.ts';
import { createBackupReader } from '../backup-agent/repository/backup-reader.ts';
import { RepositoryBackupWriter } from '../backup-agent/repository/backup-writer.ts';
import { restoreInWorker } from '../backup-agent/sources/files/worker/run-in-worker.ts';
import { createFilesSource } from '../backup-agent/sources/files/source.ts';
import type {
  BackupReader,
  Log,
  PreparedBackup,
  Progress,
} from '../backup-agent/sources/source.ts';
import { openLocalStorage } from '../backup-agent/storage/local.ts';
import { tuneGarbageCollection } from '../backup-agent/stream/garbage-collection.ts';
import type { BackupKind, Manifest } from '../contracts/manifest.ts';

/**
 * Backs up the same trees with Holdfast and with the tools that are installed, one after the other:
 * `node bench/files.ts [--corpus small|large|huge|tree] [--scale 1] [--rounds 3]`. Prints seconds,
 * the best of all rounds. `--scale 0.1` makes a corpus of a tenth. `--only holdfast,bare` measures
 * what extended attributes cost: `bare` is Holdfast without them.
 */
const { values } = parseArgs({
  options: {
    corpus: { type: 'string', default: 'small' },
    scale: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string' },
  },
});
tuneGarbageCollection();
const scale = Number(values.scale);
const rounds = Number(values.rounds);
const directory = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
const source = join(directory, 'source');
const signal = new AbortController().signal;
const progress: Progress = { step() {}, advance() {}, note() {} };
const log: Log = { debug() {}, info() {}, warn() {}, error() {} };
const { identity, recipient } = await generateIdentity();

const corpora: Readonly<Record<string, () => void>> = {
  /** Small files of 1 to 20 KB, every other one text. */
  small: () => {
    const text = Buffer.from(randomBytes(60_000).toString('hex').replace(/[0-4]/g, ' and '));
    for (let number = 0; number < 50_000 * scale; number++) {
      const bytes = 1000 + ((number * 7919) % 19_000);
      const content = number % 2 ? randomBytes(bytes) : text.subarray(number % 900, bytes + 900);
      writeAt(`d${number % 200}/f${number}`, content);
    }
  },
  large: () => {
    for (let number = 0; number < 200 * scale; number++)
      writeAt(`d${number % 10}/f${number}`, randomBytes(20_000_000));
  },
  huge: () => {
    mkdirSync(source);
    execFileSync('dd', [
      'if=/dev/urandom',
      `of=${source}/huge`,
      'bs=1M',
      `count=${Math.round(4096 * scale)}`,
      'status=none',
    ]);
  },
  /** Empty files: the walk and the index alone. */
  tree: () => {
    for (let number = 0; number < 1_000_000 * scale; number++)
      writeAt(`d${number % 1000}/f${number}`, '');
  },
};

function writeAt(path: string, content: string | Uint8Array): void {
  const file = join(source, path);
  try {
    writeFileSync(file, content);
  } catch {
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, content);
  }
}

/** A repository in a directory, without commits: what is measured is the source and the streams. */
class Repository {
  readonly chain: BackupReader[] = [];
  readonly #storage;

  constructor(path: string) {
    this.#storage = openLocalStorage(path);
  }

  async take(requested: BackupKind, extendedAttributes = true): Promise<void> {
    const files = createFilesSource({ path: source, inWorker: true, extendedAttributes });
    const now = () => new Date();
    const begin = async () => this.#begin();
    const run = { requested, chain: this.chain, begin, signal, progress, log, now };
    for await (const prepared of files.backup(run)) this.chain.push(this.#reader(prepared));
  }

  #begin(): RepositoryBackupWriter {
    const id = `20261122T210500Z-00000${this.chain.length}`;
    const recipients = { objects: [recipient], meta: [recipient] };
    return new RepositoryBackupWriter(
      { storage: this.#storage, job: 'bench', id, recipients, signal },
      new Date(),
    );
  }

  #reader({ writer, kind, point, source: about, items }: PreparedBackup): BackupReader {
    if (!(writer instanceof RepositoryBackupWriter)) throw new TypeError('not our writer');
    const fingerprint = createHash('sha256').update(recipient).digest('hex');
    const manifest: Manifest = {
      format: 'holdfast-manifest/1',
      repositoryId: randomUUID(),
      job: 'bench',
      id: writer.id,
      kind,
      base: this.chain[0]?.id ?? writer.id,
      status: 'complete',
      problems: 0,
      startedAt: point.time,
      finishedAt: point.time,
      point,
      source: { ...about, kind: 'files' },
      items,
      ...writer.written,
      objects: [...writer.written.objects],
      meta: [...writer.written.meta],
      recipients: { objects: [fingerprint], meta: [fingerprint] },
      tool: { name: 'holdfast', version: 'bench' },
    };
    return createBackupReader(this.#storage, manifest, [identity]);
  }
}

const figures = new Map<string, number>();

async function measure(what: string, work: () => Promise<void> | void): Promise<void> {
  const startedAt = performance.now();
  await work();
  const seconds = (performance.now() - startedAt) / 1000;
  figures.set(what, Math.min(seconds, figures.get(what) ?? Infinity));
}

function shell(command: string, environment: Record<string, string> = {}): void {
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: directory, ...environment };
  const { status, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', command], { env });
  if (status !== 0) throw new Error(`${command}: ${stderr.toString()}`);
}

async function benchHoldfast(round: string): Promise<void> {
  const repository = new Repository(join(round, 'holdfast'));
  await measure('holdfast full', () => repository.take('full'));
  await measure('holdfast incremental', () => repository.take('incremental'));
  await measure('holdfast restore', async () => {
    await restoreInWorker('restore', {
      chain: repository.chain,
      target: join(round, 'restored'),
      signal,
      progress,
    });
  });
}

/** The same without extended attributes, to tell what they cost. */
async function benchBare(round: string): Promise<void> {
  const repository = new Repository(join(round, 'bare'));
  await measure('bare full', () => repository.take('full', false));
  await measure('bare incremental', () => repository.take('incremental', false));
}

async function benchTar(round: string): Promise<void> {
  const archive = join(round, 'tar.zst.age');
  await measure('tar | zstd | age full', () =>
    shell(
      `tar cf - -C ${source} . | zstd -q -3 -T0 | age -r ${recipient} > ${archive}; sync ${archive}`,
    ),
  );
}

async function benchRestic(round: string): Promise<void> {
  const environment = {
    RESTIC_PASSWORD: 'bench',
    RESTIC_REPOSITORY: join(round, 'restic'),
    RESTIC_CACHE_DIR: join(round, 'restic-cache'),
  };
  shell('restic init -q', environment);
  await measure('restic full', () => shell(`restic backup -q ${source}`, environment));
  await measure('restic incremental', () => shell(`restic backup -q ${source}`, environment));
  await measure('restic restore', () =>
    shell(`restic restore -q latest --target ${join(round, 'restic-restored')}`, environment),
  );
}

async function benchBorg(round: string): Promise<void> {
  const environment = { BORG_PASSPHRASE: 'bench', BORG_REPO: join(round, 'borg') };
  shell('borg init --encryption repokey-blake2', environment);
  await measure('borg full', () => shell(`borg create -C zstd,3 ::one ${source}`, environment));
  await measure('borg incremental', () =>
    shell(`borg create -C zstd,3 ::two ${source}`, environment),
  );
  const restored = join(round, 'borg-restored');
  mkdirSync(restored);
  await measure('borg restore', () => shell(`cd ${restored} && borg extract ::two`, environment));
}

const contestants = {
  holdfast: benchHoldfast,
  bare: benchBare,
  tar: benchTar,
  restic: benchRestic,
  borg: benchBorg,
};

const contestantNames = values.only?.split(',') ?? ['holdfast', 'tar', 'restic', 'borg'];

try {
  const make = corpora[values.corpus];
  if (!make) throw new Error(`there is no corpus ${values.corpus}`);
  make();
  for (let number = 0; number < rounds; number++)
    for (const [name, contestant] of Object.entries(contestants)) {
      if (!contestantNames.includes(name)) continue;
      const round = join(directory, `round-${number}-${name}`);
      mkdirSync(round);
      await contestant(round);
      rmSync(round, { recursive: true });
    }
  const machine = `${cpus().length} × ${cpus()[0]?.model}, Linux ${release()}, Node ${process.version}`;
  process.stdout.write(`${values.corpus} × ${scale}, best of ${rounds}, on ${machine}\n`);
  for (const [what, seconds] of figures)
    process.stdout.write(`${what.padEnd(24)}${seconds.toFixed(2).padStart(9)} s\n`);
  const peak = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(`holdfast peak resident   ${peak.toFixed(0).padStart(8)} MiB\n`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
