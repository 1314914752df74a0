import type { ClientBase } from 'pg';
import { z } from 'zod';
import type { Finding } from '../source.ts';
import { readTablePages } from './catalog.ts';

/** Slow for a full over a network; what was measured is two to four times as much. */
const readBytesPerSecond = 30 * 1024 * 1024;
const mebibyte = 1024 * 1024;

export interface FullFacts {
  /** Of all tables, on the server's disk. */
  readonly tableBytes: number;
  /** The server's own average, of all its databases. */
  readonly walBytesPerSecond: number;
  /** `max_slot_wal_keep_size`; negative where nothing limits it. */
  readonly keepMegabytes: number;
}

/**
 * Whether the log that is written while a full runs fits what the server keeps for its slot; otherwise
 * the slot would be lost before the full is done. A pure function.
 */
export function judgeFullDuration(facts: FullFacts): Finding[] {
  const { tableBytes, walBytesPerSecond, keepMegabytes } = facts;
  const seconds = tableBytes / readBytesPerSecond;
  const logMegabytes = Math.round((seconds * walBytesPerSecond) / mebibyte);
  if (keepMegabytes < 0 || logMegabytes < keepMegabytes) return [];
  const minutes = Math.ceil(seconds / 60);
  return [
    {
      severity: 'warning',
      where: 'max_slot_wal_keep_size',
      what: `a full may take ${minutes} minutes, in which the server writes about ${logMegabytes} MB of log as it has done so far; it keeps ${keepMegabytes} MB, so the slot may be lost before the full is done`,
      fix: `max_slot_wal_keep_size = ${2 * logMegabytes}, or fulls at a quieter time, or more lanes`,
    },
  ];
}

const row = z.object({ rate: z.coerce.number(), block: z.coerce.number() });

/** Undefined before version 14, which keeps no figures of its log. */
export async function readFullFacts(
  client: ClientBase,
  server: { readonly majorVersion: number; readonly keepMegabytes: number },
): Promise<FullFacts | undefined> {
  if (server.majorVersion < 14) return undefined;
  const { rows } = await client.query(`
    SELECT wal_bytes / greatest(1, extract(epoch FROM now() - stats_reset)) AS rate,
      current_setting('block_size') AS block
    FROM pg_catalog.pg_stat_wal`);
  const { rate, block } = row.parse(rows[0]);
  const pages = [...(await readTablePages(client)).values()].reduce((sum, some) => sum + some, 0);
  const { keepMegabytes } = server;
  return { tableBytes: pages * block, walBytesPerSecond: rate, keepMegabytes };
}
