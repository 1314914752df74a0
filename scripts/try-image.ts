import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { imageSources } from './image-sources.ts';

/**
 * What the Dockerfile does, on a plain system without Docker: the same files into an empty folder,
 * installed without development dependencies, and the agent started from there.
 */
const root = join(import.meta.dirname, '..');
const folder = await mkdtemp(join(tmpdir(), 'holdfast-image-'));
const say = (text: string) => void process.stderr.write(`${text}\n`);

try {
  for (const source of await imageSources(join(root, 'Dockerfile'))) {
    say(`copy ${source}`);
    await cp(join(root, source), join(folder, source), { recursive: true, force: true });
  }
  say('npm ci --omit=dev');
  await execa('npm', ['ci', '--omit=dev', '--no-audit', '--no-fund', '--prefer-offline'], {
    cwd: folder,
    stdio: 'inherit',
  });
  const sbom = await execa(
    'npm',
    ['sbom', '--package-lock-only', '--omit=dev', '--sbom-format=cyclonedx'],
    {
      cwd: folder,
    },
  );
  const { components } = JSON.parse(sbom.stdout) as { components: unknown[] };
  say(`the SBOM names ${components.length} packages`);
  const unwanted = (await readdir(join(folder, 'node_modules'), { recursive: true })).filter(
    (path) => /(^|\/)(@?cdktf|@cdktf|constructs|typescript|iam-simulate)$/.test(path),
  );
  if (unwanted.length > 0) throw new Error(`the installed tree holds ${unwanted.join(', ')}`);
  const agent = join(folder, 'bin/holdfast');
  for (const args of [['--version'], ['--help'], ['config', 'example'], ['doctor', '--help']]) {
    await execa(agent, args, { cwd: dirname(agent), stdin: 'ignore' });
    say(`holdfast ${args.join(' ')}: ends with 0`);
  }
  // Without a configuration doctor says so, and still looks at the machine.
  const doctor = await execa(agent, ['doctor'], { cwd: folder, reject: false, all: true });
  say(doctor.all);
  if (doctor.exitCode === 1) throw new Error('doctor broke');
} finally {
  await rm(folder, { recursive: true, force: true });
}
