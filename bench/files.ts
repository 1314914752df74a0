import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { generateIdentity } from '../backup-agent/keys/identities.ts';

/**
 * Backs up the same trees with Holdfast and with the tools that are installed, one after the other, each
 * as the command that people call: `node bench/files.ts [--corpus small|large|huge|tree] [--scale 1]
 * [--rounds 3]`. Prints the best of all rounds: seconds, seconds of processor time
 * (user and system), and the greatest resident memory of one process. `--scale 0.1` makes a corpus of a
 * tenth. `--only holdfast,bare` measures what extended attributes cost: `bare` is Holdfast without them.
 * TMPDIR says on which file system: docs/performance.md tells why a disk misleads about restores.
 */
const { values } = parseArgs({
  options: {
    corpus: { type: 'string', default: 'small' },
    scale: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string' },
  },
});
const scale = Number(values.scale);
const rounds = Number(values.rounds);
const directory = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
const source = join(directory, 'source');
const keys = join(directory, 'keys');
const holdfast = join(import.meta.dirname, '../bin/holdfast');

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

interface Figures {
  readonly seconds: number;
  readonly processorSeconds: number;
  readonly peakMiB: number;
}

const figures = new Map<string, Figures>();

/** Runs a command in bash, which tells its processor time, and keeps what it took if it is the best. */
async function measure(
  what: string,
  command: string,
  environment: Record<string, string> = {},
): Promise<void> {
  const startedAt = performance.now();
  const { errors, peakMiB } = await shell(
    `TIMEFORMAT='%3U %3S'; time { ${command}; }`,
    environment,
  );
  const seconds = (performance.now() - startedAt) / 1000;
  const [user = NaN, system = NaN] = (errors.trim().split('\n').at(-1) ?? '')
    .split(' ')
    .map(Number);
  if (seconds < (figures.get(what)?.seconds ?? Infinity))
    figures.set(what, { seconds, processorSeconds: user + system, peakMiB });
}

async function shell(command: string, environment: Record<string, string> = {}) {
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: directory, ...environment };
  const child = spawn('bash', ['-o', 'pipefail', '-c', command], {
    env,
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'exit');
  let peakMiB = 0;
  const watch = async () => {
    while (child.exitCode === null) {
      peakMiB = Math.max(peakMiB, peakOfChildren(child.pid ?? 0));
      await delay(20);
    }
  };
  const [errors, [status]] = await Promise.all([text(child.stderr), ended, watch()]);
  if (status !== 0) throw new Error(`${command}: ${errors}`);
  return { errors, peakMiB };
}

function peakOfChildren(pid: number): number {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    return Math.max(
      ...children.map((child) => {
        const status = readFileSync(`/proc/${child}/status`, 'utf8');
        return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
      }),
    );
  } catch {
    // It has ended.
    return 0;
  }
}

async function benchHoldfast(round: string): Promise<void> {
  const environment = { HOLDFAST_CONFIG: configuration(round, true) };
  const identity = join(keys, 'recovery.age-identity');
  const restored = join(round, 'restored');
  await measure('holdfast full', `${holdfast} backup files`, environment);
  await measure('holdfast incremental', `${holdfast} backup files`, environment);
  await measure(
    'holdfast restore',
    `${holdfast} restore files --to ${restored} --identity ${identity}`,
    environment,
  );
}

/** The same without extended attributes, to tell what they cost. */
async function benchBare(round: string): Promise<void> {
  const environment = { HOLDFAST_CONFIG: configuration(round, false) };
  await measure('bare full', `${holdfast} backup files`, environment);
  await measure('bare incremental', `${holdfast} backup files`, environment);
}

function configuration(round: string, extendedAttributes: boolean): string {
  const file = join(round, 'holdfast.yaml');
  const job = {
    source: { type: 'files', path: source, extendedAttributes },
    repository: 'primary',
    retention: { keepWithin: '1d' },
  };
  const own = {
    version: 1,
    stateDirectory: join(round, 'state'),
    repositories: { primary: { type: 'local', path: join(round, 'holdfast') } },
    jobs: { files: job },
  };
  // What `keygen` prints is the rest of a configuration.
  const printed = execFileSync(holdfast, ['keygen', keys], { encoding: 'utf8', stdio: 'pipe' });
  writeFileSync(file, `${stringify(own)}${printed.slice(printed.indexOf('keys:'))}`);
  return file;
}

const { recipient } = await generateIdentity();

async function benchTar(round: string): Promise<void> {
  const archive = join(round, 'tar.zst.age');
  await measure(
    'tar | zstd | age full',
    `tar cf - -C ${source} . | zstd -q -3 -T0 | age -r ${recipient} > ${archive}; sync ${archive}`,
  );
}

async function benchRestic(round: string): Promise<void> {
  const environment = {
    RESTIC_PASSWORD: 'bench',
    RESTIC_REPOSITORY: join(round, 'restic'),
    RESTIC_CACHE_DIR: join(round, 'restic-cache'),
  };
  const restored = join(round, 'restic-restored');
  await shell('restic init -q', environment);
  await measure('restic full', `restic backup -q ${source}`, environment);
  await measure('restic incremental', `restic backup -q ${source}`, environment);
  await measure('restic restore', `restic restore -q latest --target ${restored}`, environment);
}

async function benchBorg(round: string): Promise<void> {
  const environment = { BORG_PASSPHRASE: 'bench', BORG_REPO: join(round, 'borg') };
  await shell('borg init --encryption repokey-blake2', environment);
  await measure('borg full', `borg create -C zstd,3 ::one ${source}`, environment);
  await measure('borg incremental', `borg create -C zstd,3 ::two ${source}`, environment);
  const restored = join(round, 'borg-restored');
  mkdirSync(restored);
  await measure('borg restore', `cd ${restored} && borg extract ::two`, environment);
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
      rmSync(keys, { recursive: true, force: true });
    }
  const machine = `${cpus().length} × ${cpus()[0]?.model}, Linux ${release()}, Node ${process.version}`;
  process.stdout.write(`${values.corpus} × ${scale}, best of ${rounds}, on ${machine}\n`);
  process.stdout.write(`${''.padEnd(24)}  seconds  processor  peak MiB\n`);
  for (const [what, { seconds, processorSeconds, peakMiB }] of figures)
    process.stdout.write(
      `${what.padEnd(24)}${seconds.toFixed(2).padStart(9)}` +
        `${processorSeconds.toFixed(2).padStart(11)}${peakMiB.toFixed(0).padStart(10)}\n`,
    );
} finally {
  rmSync(directory, { recursive: true, force: true });
}
