/**
 * One backup or restore in a process of its own, so that its memory is its own too:
 * `agent.ts full <directory> <url> <lanes>`, the same with `base` for a full whose slot stays, or with
 * `incremental` for what hangs on that; or `agent.ts restore <directory> <url>`, which restores the last
 * full. The directory has `keys.json`, and the repository comes there. Prints figures. Anything else
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
/** Of the last full, which a restore is of, and of the backup that an incremental hangs on. */
const fullFile = join(directory, 'full.json');
const newestFile = join(directory, 'newest.json');

async function backUp(requested: 'full' | 'incremental', keepSlot: boolean): Promise<void> {
  const recipients = { objects: [keys.recipient], meta: [keys.recipient] };
  let writer: RepositoryBackupWriter | undefined;
  const begin = async () => {
    const id = `20260101T000000Z-${randomBytes(3).toString('hex')}`;
    const options = { storage, job: 'bench', id, recipients, signal };
    return (writer = new RepositoryBackupWriter(options, new Date()));
  };
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
  const chain = requested === 'full' ? [] : [await reader(newestFile)];
  for await (const prepared of source.backup({ ...run, chain, requested, begin })) {
    if (prepared.kind !== requested)
      throw new Error(`a ${prepared.kind} was taken: ${prepared.reason}`);
    if (!writer) continue;
    const { objects, meta } = writer.written;
    const { kind, point, source: facts } = prepared;
    const manifest = { job: 'bench', id: writer.id, kind, point, objects, meta, source: facts };
    const file = keepSlot ? newestFile : fullFile;
    await writeFile(file, JSON.stringify(manifest));
    if (!keepSlot) return;
  }
}

async function reader(manifestFile: string) {
  // Only what a reader looks at: there is no repository around it here.
  const manifest = JSON.parse(await readFile(manifestFile, 'utf8')) as Manifest;
  return createBackupReader(storage, manifest, [keys.identity]);
}

async function restore(): Promise<void> {
  const chain = [await reader(fullFile)];
  await restorePostgres({ ...run, chain, target: await resolveTarget({ url, environment }) });
}

const started = performance.now();
const before = process.cpuUsage();
if (way === 'full') await backUp('full', false);
if (way === 'base') await backUp('full', true);
if (way === 'incremental') await backUp('incremental', true);
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
