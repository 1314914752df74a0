import { readFile } from 'node:fs/promises';
import { Client } from 'pg';
import { writeAttachments, type Attachment } from './attachments.ts';

/** The made-up CRM: a database at `url` and its attachments in `folder`. */
export interface Crm {
  readonly url: string;
  readonly folder: string;
}

const attachmentsAtFirst = 400;
const attachmentsLater = 25;

/** Creates schema and content; returns how many rows there are. */
export async function fillCrm(crm: Crm): Promise<number> {
  return await withClient(crm, async (client) => {
    await client.query(await sql('schema.sql'));
    await client.query(await sql('fill.sql'));
    await insertAttachments(client, await writeAttachments(crm.folder, 1, attachmentsAtFirst));
    await client.query('ANALYZE');
    return await countRows(client);
  });
}

/** What a team does in a moment; returns how many rows it touched. */
export async function workOnCrm(crm: Crm): Promise<number> {
  return await withClient(crm, async (client) => {
    const results: unknown = await client.query(await sql('work.sql'));
    const first = attachmentsAtFirst + 1;
    const last = attachmentsAtFirst + attachmentsLater;
    await insertAttachments(client, await writeAttachments(crm.folder, first, last));
    const touched = Array.isArray(results)
      ? results.reduce((sum, { rowCount }) => sum + (rowCount ?? 0), 0)
      : 0;
    return touched + attachmentsLater;
  });
}

/** Inserts the rows that the attachments belong to. */
export async function insertAttachments(
  client: Client,
  attachments: readonly Attachment[],
): Promise<void> {
  const column = <Key extends keyof Attachment>(key: Key) =>
    attachments.map((attachment) => attachment[key]);
  await client.query(
    `INSERT INTO crm.attachments (id, deal_id, path, sha256, size_bytes)
     SELECT * FROM unnest($1::int[], $2::int[], $3::text[], $4::text[], $5::bigint[])`,
    [column('id'), column('dealId'), column('path'), column('sha256'), column('sizeBytes')],
  );
}

async function countRows(client: Client): Promise<number> {
  const tables = ['users', 'accounts', 'contacts', 'deals', 'activities', 'notes', 'attachments'];
  const counts = tables.map((table) => `(SELECT count(*) FROM crm.${table})`).join(' + ');
  const { rows } = await client.query<{ total: string }>(`SELECT ${counts} AS total`);
  return Number(rows[0]?.total);
}

async function withClient<Result>(
  crm: Crm,
  use: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = new Client({ connectionString: crm.url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

async function sql(file: string): Promise<string> {
  return await readFile(new URL(file, import.meta.url), 'utf8');
}
