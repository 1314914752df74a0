import type { Client } from 'pg';
import { CopyOutQuery } from './copy-out-query.ts';
import { quoteIdentifier, quoteQualified } from './changes/quote.ts';
import { RowDigest, rowDigestAlgorithm, type RowSet } from './row-digest.ts';

export interface CopySource {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
  /** `WHERE …`, for a part of the rows. */
  readonly condition?: string;
}

/**
 * The rows of one table, without those of its children, as COPY text. Nothing else may run on the
 * client until it ends. Leaving the loop early breaks the connection: COPY has no way back.
 */
export async function* copyOut(
  client: Client,
  source: CopySource,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* client.query(new CopyOutQuery(copyStatement(source))).blocks();
}

/** The rows of a query as COPY text, under the same terms. */
export async function* copyQuery(
  client: Client,
  query: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* client.query(new CopyOutQuery(`COPY (${query}) TO STDOUT`)).blocks();
}

/** A table without columns has rows all the same, and only a query may name its columns as none. */
export function copyStatement({ schema, name, columns, condition }: CopySource): string {
  const table = quoteQualified(schema, name);
  const list = columns.map(quoteIdentifier).join(', ');
  if (condition === undefined && columns.length > 0) return `COPY ${table} (${list}) TO STDOUT`;
  return `COPY (SELECT ${list} FROM ONLY ${table} ${condition ?? ''}) TO STDOUT`;
}

/**
 * Digests a table as a backup does, to compare a restored one with what was backed up: by what made
 * the digest `like`, where one is given, else by what new backups are digested with.
 */
export async function digestTable(
  client: Client,
  source: CopySource,
  like?: string,
): Promise<RowSet> {
  const digest = new RowDigest(like === undefined ? undefined : rowDigestAlgorithm(like));
  for await (const chunk of copyOut(client, source)) digest.update(chunk);
  return digest.result();
}
