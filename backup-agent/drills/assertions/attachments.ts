import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { createReadStream } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { z } from 'zod';
import type { Comparison } from '../assertion.ts';
import { readRows } from './read-rows.ts';

export interface RestoredAttachments {
  /** The directory that they were restored to. */
  readonly root: string;
  /** The moment that the restored rows show; the attachments were backed up after it. */
  readonly databaseMoment: Date;
  /** Those of these paths that a backup taken before that moment holds. */
  readonly heldBefore: (paths: ReadonlySet<string>) => Promise<ReadonlySet<string>>;
  /** A directory has the time of the last deletion in it; a bucket's restored one has not. */
  readonly directoriesTellDeletions: boolean;
}

/** What the configured query must return for each attachment. */
const attachmentRow = z.object({
  path: z.string().min(1),
  sha256: z.string().regex(/^[0-9a-fA-F]{64}$/),
  size_bytes: z.coerce.number().int().nonnegative(),
});
type AttachmentRow = z.infer<typeof attachmentRow>;

type Verdict = Pick<Comparison, 'outcome' | 'what'>;

/** Of so many missing files it is asked whether they were deleted; nobody deletes more by chance. */
const mostAsked = 10_000;

/**
 * Every attachment that the restored database names is in the restored files, with its content. A
 * file that was deleted or replaced after the rows' moment is no loss, but not proven either.
 */
export async function* compareAttachments(
  client: Client,
  query: string,
  attachments: RestoredAttachments,
): AsyncGenerator<Comparison> {
  const root = await realpath(attachments.root);
  const gone = new Set<string>();
  for await (const row of readRows(client, query)) {
    const parsed = parseRow(row);
    const verdict = await compareFile(root, parsed, attachments.databaseMoment);
    if (verdict) yield { subject: parsed.path, ...verdict };
    else if (gone.size < mostAsked) gone.add(parsed.path);
    else yield { subject: parsed.path, outcome: 'failed', what: 'its file is missing' };
  }
  yield* judgeMissing(gone, root, attachments);
}

function parseRow(row: unknown): AttachmentRow {
  const parsed = attachmentRow.safeParse(row);
  if (parsed.success) return parsed.data;
  throw new Error(
    `the attachments query must return path, sha256 and size_bytes: ${parsed.error.issues[0]?.message}`,
  );
}

/** Undefined when there is no such file. */
async function compareFile(
  root: string,
  row: AttachmentRow,
  databaseMoment: Date,
): Promise<Verdict | undefined> {
  const failed = (what: string): Verdict => ({ outcome: 'failed', what });
  const path = join(root, row.path);
  // A path comes from the database, a link from the backup: neither may lead outside.
  if (!path.startsWith(root + sep)) return failed('its path leads outside');
  const stats = await statsOf(path);
  if (!stats) return undefined;
  if (!(await realpath(path).catch(() => '')).startsWith(root + sep))
    return failed('its path leads outside');
  if (!stats.isFile()) return failed('is not a regular file');
  const difference = await contentDiffers(path, stats, row);
  if (difference === undefined) return { outcome: 'passed', what: 'present with its content' };
  return stats.mtime > databaseMoment
    ? { outcome: 'unproven', what: `${difference}; it was changed after the rows were backed up` }
    : failed(difference);
}

async function statsOf(path: string): Promise<Stats | undefined> {
  return await lstat(path).catch(() => undefined);
}

async function contentDiffers(
  path: string,
  stats: Stats,
  row: AttachmentRow,
): Promise<string | undefined> {
  if (stats.size !== row.size_bytes)
    return `has ${stats.size} bytes, the row says ${row.size_bytes}`;
  return (await digestFile(path)) === row.sha256.toLowerCase()
    ? undefined
    : 'its content has another SHA-256 than the row says';
}

/**
 * A missing file was deleted after the rows' moment when an earlier backup still held it and its
 * directory has changed since that moment (a deletion changes it). Any other was lost. A bucket keeps
 * no time of deletions: there the earlier backup alone says that the object was not simply left out.
 */
async function* judgeMissing(
  paths: ReadonlySet<string>,
  root: string,
  { databaseMoment, heldBefore, directoriesTellDeletions }: RestoredAttachments,
): AsyncGenerator<Comparison> {
  if (paths.size === 0) return;
  const held = await heldBefore(paths);
  for (const path of paths) {
    const changed =
      !directoriesTellDeletions || (await directoryChange(root, path)) > databaseMoment;
    yield held.has(path) && changed
      ? { subject: path, outcome: 'unproven', what: 'was deleted after the rows were backed up' }
      : { subject: path, outcome: 'failed', what: 'its file is missing' };
  }
}

/** When the nearest directory that is still there changed last. */
async function directoryChange(root: string, path: string): Promise<Date> {
  let directory = dirname(join(root, path));
  for (;;) {
    const stats = await statsOf(directory);
    if (stats || directory === root) return stats?.mtime ?? new Date(0);
    directory = dirname(directory);
  }
}

async function digestFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
