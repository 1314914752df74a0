/**
 * One backup or restore in a process of its own, so that its memory is its own too:
 * `agent.ts full <directory> <url> <lanes>` or `agent.ts restore <directory> <url>`; the directory has
 * `keys.json`, and the repository comes there. Prints figures. Anything else than `full` and `restore`
 * only loads the code, which leaves it compiled for the next.
 */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Manifest } from '../../contracts/manifest.ts';
import { createBackupReader } from '../../backup-agent/repository/backup-reader.ts';
import { RepositoryBackupWriter } from '../../backup-agent/repository/backup-writer.ts';
import { resolveTarget } from '../../backup-agent/sources/postgres/connection-target.ts';
import { restorePostgres } from '../../backup-agent/sources/postgres/restore/restore-postgres.ts';
import { createPostgresSource } from '../../backup-agent/sources/postgres/source.ts';
import type { Log, Progress } from '../../backup-agent/sources/source.ts';
import { openLocalStorage } from '../../backup-agent/storage/local.ts';
import { tuneGarbageCollection } from '../../backup-agent/stream/garbage-collection.ts';

tuneGarbageCollection();
const [way, directory = '', url = '', lanes = '2'] = process.argv.slice(2);
const environment = { PATH: process.env['PATH'] };
const signal = new AbortController().signal;
const progress: Progress = { step() {}, advance() {}, note() {} };
const log: Log = { debug() {}, info() {}, warn() {}, error() {} };
const run = { signal, progress, log, now: () => new Date() };
const storage = openLocalStorage(join(directory, 'repository'));
const keys = z
  .object({ identity: z.string(), recipient: z.string() })
  .parse(JSON.parse(await readFile(join(directory, 'keys.json'), 'utf8')));
const manifestFile = join(directory, 'manifest.json');

async function full(): Promise<void> {
  const id = `20260101T000000Z-${randomBytes(3).toString('hex')}`;
  const recipients = { objects: [keys.recipient], meta: [keys.recipient] };
  const writer = new RepositoryBackupWriter(
    { storage, job: 'bench', id, recipients, signal },
    new Date(),
  );
  const source = createPostgresSource({
    configuration: {
      type: 'postgres',
      url,
      excludeTables: [],
      excludeData: [],
      lanes: Number(lanes),
      slot: { warnAt: 2 ** 30, dropAt: 2 ** 33 },
    },
    environment,
    job: 'bench',
    directory,
  });
  const begin = async () => writer;
  for await (const prepared of source.backup({ ...run, chain: [], requested: 'full', begin })) {
    const { objects, meta } = writer.written;
    const manifest = { job: 'bench', id, kind: 'full', point: prepared.point, objects, meta };
    await writeFile(manifestFile, JSON.stringify({ ...manifest, source: prepared.source }));
    return;
  }
}

async function restore(): Promise<void> {
  // Only what a reader looks at: there is no repository around it here.
  const manifest = JSON.parse(await readFile(manifestFile, 'utf8')) as Manifest;
  const chain = [createBackupReader(storage, manifest, [keys.identity])];
  await restorePostgres({ ...run, chain, target: await resolveTarget({ url, environment }) });
}

const started = performance.now();
const before = process.cpuUsage();
if (way === 'full') await full();
if (way === 'restore') await restore();
const { user, system } = process.cpuUsage(before);
await storage.close();
process.stdout.write(
  JSON.stringify({
    seconds: (performance.now() - started) / 1000,
    cpuSeconds: (user + system) / 1e6,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  }),
);
