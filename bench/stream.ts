/**
 * How fast and in how much memory streams go, next to the same work done by `zstd` and `age`:
 * `node bench/stream.ts [MiB] [rounds]`. Ours and theirs take turns on the same files, from the page
 * cache to nowhere; of all rounds the best counts. The tools' time includes starting them (a few
 * milliseconds); ours does not include starting Node, which runs as `bin/holdfast` starts it. Where
 * other work keeps the machine busy, only the processor's time, user and system, can be compared.
 */
import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { generateIdentity } from '../backup-agent/keys/identities.ts';
import { compress } from '../backup-agent/stream/compress.ts';
import { encrypt } from '../backup-agent/stream/encrypt.ts';
import { launcherFlags, launcherEnvironment } from '../tests/support/launcher.ts';
import { crmText, noise } from './stream/crm-text.ts';

const mebibyte = 1024 * 1024;
const [sizeMiB = '512', rounds = '3'] = process.argv.slice(2);
const sizeBytes = Number(sizeMiB) * mebibyte;

const figures = z.object({
  seconds: z.number(),
  peakBytes: z.number(),
  atRestBytes: z.number(),
  cpuSeconds: z.number(),
});
type Figures = z.infer<typeof figures>;

interface Contest {
  readonly title: string;
  /** The worker's arguments. */
  readonly ours: readonly string[];
  /** A shell's command, run in the directory of the files. */
  readonly theirs: string;
  readonly goalMBps?: number;
}

async function measureOurs(args: readonly string[], directory: string): Promise<Figures> {
  const worker = join(import.meta.dirname, 'stream', 'worker.ts');
  const env = {
    ...process.env,
    ...launcherEnvironment,
    NODE_COMPILE_CACHE: join(directory, 'compiled'),
  };
  const command = [...launcherFlags, worker, ...args];
  const { stdout } = await promisify(execFile)(process.execPath, command, { env });
  return figures.parse(JSON.parse(stdout));
}

type Times = Pick<Figures, 'seconds' | 'cpuSeconds'>;

async function measureTheirs(command: string, directory: string): Promise<Times> {
  const started = process.hrtime.bigint();
  // The shell's own `times` tells of its children in its second line.
  const script = `{ ${command}; } > /dev/null && times`;
  const shell = ['-o', 'pipefail', '-c', script];
  const { stdout } = await promisify(execFile)('bash', shell, { cwd: directory });
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  const [, children = ''] = stdout.split('\n');
  const cpuSeconds = [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, rest]) => sum + Number(minutes) * 60 + Number(rest),
    0,
  );
  return { seconds, cpuSeconds };
}

async function hold(contest: Contest, directory: string): Promise<string> {
  const ours: Figures[] = [];
  const theirs: Times[] = [];
  // Compiles, and is not counted.
  await measureOurs(contest.ours, directory);
  for (let round = 0; round < Number(rounds); round++) {
    ours.push(await measureOurs(contest.ours, directory));
    theirs.push(await measureTheirs(contest.theirs, directory));
  }
  const speed = (seconds: number) => Math.round(sizeBytes / 1e6 / seconds);
  const best = (of: readonly Times[], what: keyof Times) =>
    Math.min(...of.map((each) => each[what]));
  const [mine, tool] = [speed(best(ours, 'seconds')), speed(best(theirs, 'seconds'))];
  const perMB = (of: readonly Times[]) => ((best(of, 'cpuSeconds') * 1e9) / sizeBytes).toFixed(1);
  const peak = Math.max(...ours.map(({ peakBytes }) => peakBytes));
  const grown = Math.max(...ours.map((pass) => pass.peakBytes - pass.atRestBytes));
  const goal = contest.goalMBps === undefined ? '' : String(contest.goalMBps);
  return [
    contest.title.padEnd(22),
    ...[mine, goal, tool, (mine / tool).toFixed(2), perMB(ours), perMB(theirs)].map((cell) =>
      String(cell).padStart(8),
    ),
    `${Math.round(grown / mebibyte)} (${Math.round(peak / mebibyte)})`.padStart(12),
  ].join('');
}

async function prepare(directory: string): Promise<Contest[]> {
  const key = await generateIdentity();
  const at = (name: string) => join(directory, name);
  await writeFile(at('key'), `${key.identity}\n`, { mode: 0o600 });
  await pipeline(crmText(sizeBytes), createWriteStream(at('text')));
  await pipeline(noise(sizeBytes), createWriteStream(at('noise')));
  await pipeline(noise(sizeBytes), encrypt([key.recipient]), createWriteStream(at('noise.age')));
  await pipeline(
    crmText(sizeBytes),
    compress({ content: 'rows' }),
    encrypt([key.recipient]),
    createWriteStream(at('text.zst.age')),
  );
  const to = key.recipient;
  return [
    {
      title: 'encrypt',
      ours: ['encrypt', at('noise'), to],
      theirs: `age -r ${to} noise`,
      goalMBps: 600,
    },
    {
      title: 'compress + encrypt',
      ours: ['store', at('text'), to],
      theirs: `zstd -3 -q -c text | age -r ${to}`,
      goalMBps: 250,
    },
    {
      title: 'decrypt',
      ours: ['decrypt', at('noise.age'), key.identity],
      theirs: 'age -d -i key noise.age',
    },
    {
      title: 'decrypt + decompress',
      ours: ['load', at('text.zst.age'), key.identity],
      theirs: 'age -d -i key text.zst.age | zstd -d -q -c',
    },
  ];
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const directory = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
try {
  const [processor] = cpus();
  print(
    `${cpus().length} × ${processor?.model ?? 'unknown processor'}, ` +
      `${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${process.arch}, ` +
      `Node ${process.versions.node}, zstd ${process.versions['zstd'] ?? '?'}; ` +
      `${sizeMiB} MiB, best of ${rounds}`,
  );
  print('MB/s of plaintext           ours    goal   tools   ratio, ms/MB   tools  +MiB (peak)');
  for (const contest of await prepare(directory)) print(await hold(contest, directory));
} finally {
  await rm(directory, { recursive: true, force: true });
}
