import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from 'pg';
import {
  compareMaskedStream,
  compareUnmasked,
  findSurvivors,
} from '../../../backup-agent/drills/assertions/masked-values.ts';
import {
  startThrowawayServer,
  type ThrowawayServer,
} from '../../../backup-agent/drills/sandbox/throwaway-server.ts';
import { columnMask } from '../../../backup-agent/privacy/column-mask.ts';
import { parseColumnType } from '../../../backup-agent/privacy/column-type.ts';
import { MaskingKey } from '../../../backup-agent/privacy/masking-key.ts';
import type { MaskedColumn } from '../../../backup-agent/sources/postgres/restore/restore-mask.ts';
import { findServerBinaries } from '../../../backup-agent/tools/postgres-binaries.ts';
import type { MaskRule } from '../../../contracts/masking.ts';

const key = MaskingKey.from('k'.repeat(32), 'test');
let server: ThrowawayServer;
let client: Client;

before(async () => {
  const binaries = await findServerBinaries({ searchPath: process.env['PATH'] });
  server = await startThrowawayServer({ binaries });
  client = new Client({ connectionString: await server.createDatabase('masked') });
  await client.connect();
  await client.query(`CREATE TABLE people (name text, mail text, phone text, note text);
    INSERT INTO people VALUES ('Bradea', 'm-1@masked.invalid', '0123', E'\\tno\\\\thing')`);
});
after(async () => {
  await client.end();
  await server[Symbol.asyncDispose]();
});

function masked(column: string, rule: MaskRule, ...originals: string[]): MaskedColumn {
  const type = parseColumnType('text');
  const planned = { rule, type, mask: columnMask(key, rule, type) };
  return { schema: 'public', table: 'people', column, planned, originals: new Set(originals) };
}

const table = {
  schema: 'public',
  name: 'people',
  columns: ['name', 'mail', 'phone', 'note'],
  rows: 1,
};

async function survivors(change: string, ...columns: MaskedColumn[]): Promise<string[]> {
  await client.query('BEGIN');
  await client.query(change);
  const found: string[] = [];
  const report = { tables: [], columns, undeclared: [], largeObjects: 'empty' } as const;
  for await (const { subject, outcome, what } of findSurvivors(client, report, [table]))
    found.push(`${outcome}: ${subject}: ${what}`);
  await client.query('ROLLBACK');
  return found;
}

const name = masked('name', { pseudonym: 'name' }, '王芳', 'Ann Lee');
const mail = masked('mail', { pseudonym: 'email' }, 'ann@lee.example');

test('nothing is found where everything was masked', async () => {
  assert.deepEqual(await survivors('SELECT', name, mail), [
    'passed: public.people.name: no original value was found',
    'passed: public.people.mail: no original value was found',
  ]);
});

test('an original in its own column, in another one and within a text is found', async () => {
  const own = await survivors(`INSERT INTO people (name) VALUES ('王芳')`, name, mail);
  assert.equal(own[0], 'failed: public.people.name: holds an original value');
  const other = await survivors(`UPDATE people SET phone = 'Ann Lee'`, name, mail);
  assert.equal(
    other.at(-1),
    'failed: public.people.phone: holds an original value of public.people.name',
  );
  const within = await survivors(
    `UPDATE people SET note = 'ask <ann@lee.example>, soon'`,
    name,
    mail,
  );
  assert.equal(
    within.at(-1),
    'failed: public.people.note: holds an original value of public.people.mail',
  );
});

test('what looks personal in a masked column fails, though it is no known original', async () => {
  const found = await survivors(`UPDATE people SET mail = 'else@lee.example'`, mail);
  assert.deepEqual(found, [
    'failed: public.people.mail: holds what looks like an original: e-mail address',
  ]);
});

test('a stream that is not the one that was backed up fails', () => {
  const rowSet = (digest: string) => ({ rows: 1, digest });
  const report = {
    tables: [{ schema: 'public', name: 'people', original: rowSet('aa'), masked: rowSet('bb') }],
    columns: [],
    undeclared: [{ where: 'public.people.note', what: 'looks personal' }],
    largeObjects: 'keep',
  } as const;
  const outcome = (digest: string) =>
    [...compareMaskedStream(report, [{ ...table, digest }])].map((one) => one.outcome);
  assert.deepEqual(outcome('aa'), ['passed']);
  assert.deepEqual(outcome('cc'), ['failed']);
  const unproven = [...compareUnmasked(report, 2)].map((one) => `${one.outcome}: ${one.subject}`);
  assert.deepEqual(unproven, ['unproven: public.people.note', 'unproven: large objects']);
});
