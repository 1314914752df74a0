import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Client } from 'pg';
import { compareAttachments } from '../../../backup-agent/drills/assertions/attachments.ts';
import type { ThrowawayServer } from '../../../backup-agent/drills/sandbox/throwaway-server.ts';
import { connectedClient, startSourceServer } from '../../fixtures/postgres/source-fixture.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const moment = new Date('2026-03-01T12:00:00Z');
const earlier = new Date('2026-03-01T11:00:00Z');
const later = new Date('2026-03-01T13:00:00Z');

let server: ThrowawayServer;
let connection: Awaited<ReturnType<typeof connectedClient>>;

before(async () => {
  server = await startSourceServer();
  connection = await connectedClient(server, 'postgres');
});
after(async () => {
  await connection[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** What is found for rows that name these paths, each with the content `content`. */
async function compare(
  client: Client,
  root: string,
  paths: readonly string[],
  held: readonly string[] = [],
): Promise<string[]> {
  await client.query('CREATE TEMP TABLE wanted (path text)');
  await client.query('INSERT INTO wanted SELECT unnest($1::text[])', [paths]);
  const query = `SELECT path, '${sha256('content')}' AS sha256, 7 AS size_bytes FROM wanted`;
  const found: string[] = [];
  try {
    const attachments = {
      root,
      databaseMoment: moment,
      directoriesTellDeletions: true,
      heldBefore: async (asked: ReadonlySet<string>) =>
        new Set(held.filter((path) => asked.has(path))),
    };
    for await (const { subject, outcome, what } of compareAttachments(client, query, attachments))
      found.push(`${outcome}: ${subject}: ${what}`);
  } finally {
    await client.query('DROP TABLE wanted');
  }
  return found;
}

test('a file that was deleted after the rows’ moment is told apart from one that was lost', async () => {
  await using directory = await temporaryDirectory();
  const root = directory.path;
  await mkdir(join(root, 'busy'));
  await mkdir(join(root, 'quiet'));
  await utimes(join(root, 'busy'), later, later);
  await utimes(join(root, 'quiet'), earlier, earlier);
  const paths = ['busy/deleted "合同"\n😀.txt', 'busy/never-there.txt', 'quiet/lost.txt'];
  const held = ['busy/deleted "合同"\n😀.txt', 'quiet/lost.txt'];
  assert.deepEqual(await compare(connection.client, root, paths, held), [
    'unproven: busy/deleted "合同"\n😀.txt: was deleted after the rows were backed up',
    'failed: busy/never-there.txt: its file is missing',
    'failed: quiet/lost.txt: its file is missing',
  ]);
  await rm(join(root, 'quiet'), { recursive: true });
  await utimes(root, later, later);
  const [whole] = await compare(connection.client, root, ['quiet/lost.txt'], ['quiet/lost.txt']);
  assert.equal(whole, 'unproven: quiet/lost.txt: was deleted after the rows were backed up');
});

test('stale, cut and altered content fails; content replaced since is unproven', async () => {
  await using directory = await temporaryDirectory();
  const root = directory.path;
  const write = async (name: string, content: string, time: Date) => {
    await writeFile(join(root, name), content);
    await utimes(join(root, name), time, time);
  };
  await write('good', 'content', earlier);
  await write('cut', 'conten', earlier);
  await write('stale', 'CONTENT', earlier);
  await write('replaced', 'newer content', later);
  const found = await compare(connection.client, root, ['good', 'cut', 'stale', 'replaced']);
  assert.deepEqual(found, [
    'passed: good: present with its content',
    'failed: cut: has 6 bytes, the row says 7',
    'failed: stale: its content has another SHA-256 than the row says',
    'unproven: replaced: has 13 bytes, the row says 7; it was changed after the rows were backed up',
  ]);
});

test('neither a path nor a link leads outside', async () => {
  await using outside = await temporaryDirectory();
  await using directory = await temporaryDirectory();
  const root = directory.path;
  await writeFile(join(outside.path, 'secret'), 'content');
  await symlink(outside.path, join(root, 'door'));
  await symlink(join(outside.path, 'secret'), join(root, 'link'));
  const climbing = `../${outside.path.split('/').at(-1)}/secret`;
  const found = await compare(connection.client, root, ['door/secret', 'link', climbing]);
  assert.deepEqual(
    found,
    ['door/secret', 'link', climbing].map((path) => `failed: ${path}: its path leads outside`),
  );
});
