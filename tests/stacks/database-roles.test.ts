import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { Client } from 'pg';
import {
  startThrowawayServer,
  type ThrowawayServer,
} from '../../backup-agent/drills/sandbox/throwaway-server.ts';
import { findServerBinaries } from '../../backup-agent/tools/postgres-binaries.ts';

const script = await readFile(
  join(import.meta.dirname, '../../stacks/data/database-roles.sql'),
  'utf8',
);

suite("the database's roles", () => {
  let server: ThrowawayServer;
  let client: Client;

  before(async () => {
    server = await startThrowawayServer({
      binaries: await findServerBinaries({ searchPath: process.env['PATH'] }),
      settings: { wal_level: 'logical' },
    });
    await server.createDatabase('crm');
    client = new Client({
      host: server.host,
      port: server.port,
      user: server.user,
      database: 'crm',
    });
    await client.connect();
    // What RDS brings along: its own groups. The audit extension is RDS's too and stays out here.
    await client.query('CREATE ROLE rds_iam NOLOGIN; CREATE ROLE rds_replication NOLOGIN');
    await client.query('CREATE TABLE public.contact (id int PRIMARY KEY, name text)');
    const withoutAudit = script.replace('CREATE EXTENSION IF NOT EXISTS pgaudit;', '');
    assert.notEqual(withoutAudit, script);
    await client.query(withoutAudit);
    await client.query(withoutAudit);
  });

  after(async () => {
    await client?.end();
    await server?.[Symbol.asyncDispose]();
  });

  const can = async (role: string, sql: string): Promise<boolean> => {
    await client.query('BEGIN');
    try {
      await client.query(`SET LOCAL ROLE ${role}`);
      await client.query(sql);
      return true;
    } catch (error) {
      assert.match(String(error), /permission denied|must be owner/);
      return false;
    } finally {
      await client.query('ROLLBACK');
    }
  };

  test('let the backup agent read and nothing else', async () => {
    assert.ok(await can('holdfast_backup', 'SELECT * FROM contact'));
    for (const sql of [
      "INSERT INTO contact VALUES (1, 'x')",
      'DELETE FROM contact',
      'TRUNCATE contact',
      'DROP TABLE contact',
      'CREATE TABLE mine (id int)',
      'CREATE ROLE other',
    ])
      assert.equal(await can('holdfast_backup', sql), false, sql);
  });

  test('put the backup agent into three groups, and no more', async () => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT roleid::regrole::text AS name FROM pg_auth_members
       WHERE member = 'holdfast_backup'::regrole ORDER BY 1`,
    );
    assert.deepEqual(
      rows.map(({ name }) => name),
      ['pg_read_all_data', 'rds_iam', 'rds_replication'],
    );
  });

  test('let the CRM write rows, also of tables to come, but change no table', async () => {
    await client.query('CREATE TABLE public.deal (id int PRIMARY KEY)');
    for (const sql of ["INSERT INTO contact VALUES (1, 'x')", 'DELETE FROM deal'])
      assert.ok(await can('crm_app', sql), sql);
    for (const sql of ['DROP TABLE contact', 'TRUNCATE contact', 'CREATE TABLE mine (id int)'])
      assert.equal(await can('crm_app', sql), false, sql);
  });

  test('give nobody a right to be more than that', async () => {
    const { rows } = await client.query(
      `SELECT rolname FROM pg_roles WHERE rolname IN ('crm_app', 'holdfast_backup', 'rds_pgaudit')
       AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication)`,
    );
    assert.deepEqual(rows, []);
  });
});
