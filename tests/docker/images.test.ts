import assert from 'node:assert/strict';
import { once } from 'node:events';
import { access, chown, mkdir, readdir, readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { suite, test } from 'node:test';
import { execa } from 'execa';
import { Client } from 'pg';
import { validate, ValidationSeverity } from 'dockerfile-utils';
import { parse } from 'yaml';
import { parseConfiguration } from '../../backup-agent/config/load-configuration.ts';
import { findServerBinaries } from '../../backup-agent/tools/postgres-binaries.ts';
import { imageSources } from '../../scripts/image-sources.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const root = join(import.meta.dirname, '../..');
const read = (file: string) => readFile(join(root, file), 'utf8');
const dockerfiles = ['Dockerfile', 'docker/sandbox/Dockerfile'];

for (const file of dockerfiles)
  suite(file, async () => {
    const text = await read(file);

    test('satisfies the linter', () => {
      const strict = {
        deprecatedMaintainer: ValidationSeverity.ERROR,
        directiveCasing: ValidationSeverity.ERROR,
        emptyContinuationLine: ValidationSeverity.ERROR,
        instructionCasing: ValidationSeverity.ERROR,
        instructionCmdMultiple: ValidationSeverity.ERROR,
        instructionEntrypointMultiple: ValidationSeverity.ERROR,
        instructionHealthcheckMultiple: ValidationSeverity.ERROR,
        instructionJSONInSingleQuotes: ValidationSeverity.ERROR,
        instructionUnnecessaryArgument: ValidationSeverity.ERROR,
        instructionWorkdirRelative: ValidationSeverity.ERROR,
      };
      assert.deepEqual(validate(text, strict), []);
    });

    test('runs as the user of the task definitions, without root', () => {
      const users = [...text.matchAll(/^USER (.+)$/gm)].map(([, user]) => user);
      assert.deepEqual(users, ['10001:10001']);
    });

    test('builds on named versions', () => {
      for (const [, image = ''] of text.matchAll(/^FROM (\S+)/gm))
        assert.match(image, /^[a-z]+:((\d+|\$\{MAJOR\})-)?[a-z]+(-slim)?$/);
      assert.doesNotMatch(text, /:latest/);
    });

    test('writes to one volume, and says what it is', () => {
      assert.match(text, /^VOLUME \/var\/lib\/holdfast$/m);
      for (const label of ['title', 'description', 'licenses'])
        assert.match(text, new RegExp(`org\\.opencontainers\\.image\\.${label}=`));
    });
  });

suite('the image of the agent', () => {
  test('holds every file of this repository that the agent imports or reads', async () => {
    const copied = await imageSources(join(root, 'Dockerfile'));
    const inImage = (path: string) =>
      copied.some((source) => path === source || path.startsWith(`${source}/`));
    for (const folder of ['backup-agent', 'contracts', 'pages'])
      for (const entry of await readdir(join(root, folder), { recursive: true })) {
        if (!entry.endsWith('.ts')) continue;
        const file = join(root, folder, entry);
        const text = await readFile(file, 'utf8');
        for (const [, target = ''] of text.matchAll(/(?:from|URL\(|import\()\s*'(\.[^']+)'/g)) {
          const path = relative(root, join(dirname(file), target));
          assert.ok(inImage(path), `${folder}/${entry} needs ${path}`);
        }
      }
    for (const source of copied) await access(join(root, source));
  });

  test('lets in what it copies, and nothing else', async () => {
    const lines = (await read('.dockerignore')).split('\n').filter((line) => /^[^#]/.test(line));
    assert.equal(lines[0], '*');
    for (const source of await imageSources(join(root, 'Dockerfile')))
      assert.ok(lines.includes(`!${source}`), source);
  });

  test('gets neither CDKTF nor anything else of the stacks, nor what only tests need', async () => {
    const { packages } = JSON.parse(await read('package-lock.json')) as {
      packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
    };
    const shipped = Object.entries(packages)
      .filter(([path, { dev }]) => path !== '' && !dev)
      .map(([path]) => path);
    assert.ok(shipped.length > 50);
    assert.deepEqual(
      shipped.filter((path) => /cdktf|constructs|typescript|oxlint|iam-|fast-check/.test(path)),
      [],
    );
  });

  test('is of the version that the package and the environments name', async () => {
    const { version } = JSON.parse(await read('package.json')) as { version: string };
    assert.match(await read('Dockerfile'), new RegExp(`^ARG VERSION=${version}$`, 'm'));
    for (const name of ['production', 'staging', 'sandbox']) {
      const { backup } = parse(await read(`stacks/environments/${name}.yaml`));
      assert.equal(backup.imageTag, version);
    }
  });
});

suite('the local trial', async () => {
  const compose = parse(await read('compose.yaml'));

  test('has a database, an S3-compatible store, and the agent as its tasks are run', () => {
    const { agent, database, store } = compose.services;
    assert.ok(database && store);
    assert.equal(agent.read_only, true);
    assert.deepEqual(agent.cap_drop, ['ALL']);
    for (const [name, service] of Object.entries<{ image?: string; ports?: unknown }>(
      compose.services,
    )) {
      assert.ok(!service.image?.endsWith(':latest'), name);
      assert.equal(service.ports, undefined, `${name} listens on this machine`);
    }
  });

  test('has a configuration that the agent takes, once there are keys', async () => {
    await using directory = await temporaryDirectory();
    const keys = join(directory.path, 'keys');
    const { stdout } = await execa(join(root, 'bin/holdfast'), ['keygen', keys]);
    const made = stdout.slice(stdout.indexOf('\nkeys:'));
    const identity = '  identity: { file: keys/recovery.age-identity }\n';
    const text = `${await read('docker/trial.yaml')}${made}\n${identity}`;
    const { jobs, repositories } = parseConfiguration(text, 'trial.yaml');
    const { buckets } = compose.services;
    for (const repository of Object.values(repositories))
      assert.ok(
        repository.type === 's3' && String(buckets.entrypoint[2]).includes(repository.bucket),
      );
    assert.ok(jobs['crm']?.drill);
  });
});

suite('the sandbox of drills', () => {
  test('serves an empty database on the loopback alone, from nothing, at every start', async () => {
    await using directory = await temporaryDirectory();
    const { folder } = await findServerBinaries({ searchPath: process.env['PATH'] });
    // PostgreSQL refuses to run as root.
    const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined;
    const work = join(directory.path, 'work');
    await mkdir(work, { mode: 0o700 });
    if (user) {
      await chown(directory.path, user.uid, user.gid);
      await chown(work, user.uid, user.gid);
    }
    const port = await freePort();
    for (const round of [1, 2]) {
      const server = execa('/bin/sh', [join(root, 'docker/sandbox/start')], {
        ...user,
        cwd: work,
        env: {
          PATH: `${folder}:${process.env['PATH'] ?? ''}`,
          PGDATA: join(work, 'database'),
          PGPORT: String(port),
        },
        extendEnv: false,
        reject: false,
        all: true,
      });
      const settings = await firstAnswer(port);
      server.kill('SIGINT');
      const { exitCode, all } = await server;
      assert.deepEqual(settings, { listens: '127.0.0.1', tables: 0 }, `round ${round}: ${all}`);
      assert.equal(exitCode, 0, all);
    }
  });
});

/** What the server says, as soon as it says anything. */
async function firstAnswer(port: number): Promise<unknown> {
  for (let tries = 0; tries < 300; tries++) {
    const client = new Client({ host: '127.0.0.1', port, user: 'holdfast', database: 'drill' });
    try {
      await client.connect();
      const { rows } = await client.query(`
        SELECT current_setting('listen_addresses') AS listens,
          (SELECT count(*)::int FROM pg_tables WHERE schemaname = 'public') AS tables`);
      return rows[0];
    } catch {
      await delay(100);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
  return undefined;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
