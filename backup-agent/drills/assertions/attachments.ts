import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { z } from 'zod';
import type { Comparison } from '../assertion.ts';
import { readRows } from './read-rows.ts';

/** What the configured query must return for each attachment. */
const attachmentRow = z.object({
  path: z.string().min(1),
  sha256: z.string().regex(/^[0-9a-fA-F]{64}$/),
  size_bytes: z.coerce.number().int().nonnegative(),
});
type AttachmentRow = z.infer<typeof attachmentRow>;

/** Every attachment that the restored database names is in the restored files, with its content. */
export async function* compareAttachments(
  client: Client,
  query: string,
  filesRoot: string,
): AsyncGenerator<Comparison> {
  const root = await realpath(filesRoot);
  for await (const row of readRows(client, query)) {
    const parsed = attachmentRow.safeParse(row);
    if (!parsed.success)
      throw new Error(
        `the attachments query must return path, sha256 and size_bytes: ${parsed.error.issues[0]?.message}`,
      );
    yield { subject: parsed.data.path, ...(await compareFile(root, parsed.data)) };
  }
}

async function compareFile(
  root: string,
  row: AttachmentRow,
): Promise<Pick<Comparison, 'outcome' | 'what'>> {
  const failed = (what: string) => ({ outcome: 'failed', what }) as const;
  const path = join(root, row.path);
  const stats = await lstat(path).catch(() => undefined);
  if (!stats) return failed('its file is missing');
  // A path comes from the database, a link from the backup: neither may lead outside.
  if (!(await realpath(path)).startsWith(root + sep)) return failed('its path leads outside');
  if (!stats.isFile()) return failed('is not a regular file');
  if (stats.size !== row.size_bytes)
    return failed(`has ${stats.size} bytes, the row says ${row.size_bytes}`);
  if ((await digestFile(path)) !== row.sha256.toLowerCase())
    return failed('its content has another SHA-256 than the row says');
  return { outcome: 'passed', what: 'present with its content' };
}

async function digestFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
