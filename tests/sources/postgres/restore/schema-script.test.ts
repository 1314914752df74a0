import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mapRoles } from '../../../../backup-agent/sources/postgres/restore/role-names.ts';
import { parseSchemaScript } from '../../../../backup-agent/sources/postgres/restore/schema-script.ts';
import { sqlTokens } from '../../../../backup-agent/sources/postgres/restore/sql-tokens.ts';

const heading = (name: string, type: string) =>
  `--\n-- Name: ${name}; Type: ${type}; Schema: public; Owner: me\n--\n\n`;

test('a heading inside a string, a name, a function body or a comment is none', () => {
  const fake = heading('fake', 'TABLE');
  const entries = parseSchemaScript(
    [
      'SET x = 1;\n',
      `${heading('f', 'FUNCTION')}CREATE FUNCTION f() AS $a$\n${fake}$a$;\n`,
      `${heading('c', 'COMMENT')}COMMENT ON x IS '\n${fake}';\n`,
      `${heading('e', 'COMMENT')}COMMENT ON x IS E'\\\\''\n${fake}';\n`,
      `${heading('n', 'TABLE')}CREATE TABLE "\n${fake}" ();\n`,
      `${heading('b', 'TABLE')}/* /* */\n${fake}*/ SELECT 1;\n`,
    ].join('\n'),
  );
  assert.deepEqual(
    entries.map(({ name }) => name),
    ['f', 'c', 'e', 'n', 'b'],
  );
});

test('the statement that gives an object to its owner stands apart', () => {
  const [entry] = parseSchemaScript(
    `${heading('t', 'TABLE')}CREATE TABLE t (x text DEFAULT 'OWNER TO a;');\n\n\nALTER TABLE t OWNER TO "O""x; y";\n\n`,
  );
  assert.equal(entry?.ownerSql, 'ALTER TABLE t OWNER TO "O""x; y";');
  assert.doesNotMatch(entry?.sql ?? '', /ALTER TABLE/);
});

test('what pg_dump switches between objects goes with those that follow', () => {
  const [first, second] = parseSchemaScript(
    `${heading('a', 'TABLE')}CREATE TABLE a ();\n\nSET default_table_access_method = heap;\n\n${heading('b', 'TABLE')}CREATE TABLE b ();\n`,
  );
  assert.doesNotMatch(first?.sql ?? '', /SET default/);
  assert.match(second?.sql ?? '', /^SET default_table_access_method = heap;[\s-]+CREATE TABLE b/);
});

test('tokens put together are the text again', () => {
  const sql = `SELECT 'it''s', E'\\'', "a""b", $$ x $$, $tag$ $$ $tag$, a$b$c, 1$2; -- end\n/* /* */ */ x`;
  assert.equal([...sqlTokens(sql)].map(({ text }) => text).join(''), sql);
});

test('roles are renamed after TO, FROM and ROLE only', () => {
  const mapping = { reader: 'new reader', t: 'wrong' };
  assert.equal(
    mapRoles(`GRANT SELECT(reader) ON TABLE public.t TO reader, other;`, mapping),
    `GRANT SELECT(reader) ON TABLE public.t TO "new reader", other;`,
  );
  assert.equal(
    mapRoles(`ALTER TABLE t OWNER TO "reader";`, mapping),
    `ALTER TABLE t OWNER TO "new reader";`,
  );
});

test('a name with line breaks is told from one with spaces, though headings show both alike', () => {
  const entry = (type: string, name: string, schema: string, sql: string) =>
    `--\n-- Name: ${name}; Type: ${type}; Schema: ${schema}; Owner: me\n--\n\n${sql}\n\n`;
  const script = [
    entry('SCHEMA', 'a b', '-', 'CREATE SCHEMA "a\nb";'),
    entry('TABLE', 'a b', 'a b', 'CREATE TABLE "a\nb"."a b" ("a\nb" integer);'),
    entry('TABLE', 'a b', 'a b', 'CREATE TABLE "a\nb"."a\nb" ("a b" integer);'),
    entry('INDEX', 'a b', 's', 'CREATE INDEX "a b" ON s."a\nb" USING btree (x);'),
    entry('FUNCTION', 'a b(integer)', 's', 'CREATE FUNCTION s."a\nb"(n integer) RETURNS int;'),
    entry(
      'CONSTRAINT',
      'a b a_key',
      's',
      'ALTER TABLE ONLY s."a\nb" ADD CONSTRAINT a_key UNIQUE (x);',
    ),
  ].join('');
  assert.deepEqual(
    parseSchemaScript(script).map(({ schema, name }) => [schema, name]),
    [
      ['-', 'a\nb'],
      ['a\nb', 'a b'],
      ['a\nb', 'a\nb'],
      ['s', 'a b'],
      ['s', 'a\nb(integer)'],
      ['s', 'a b a_key'],
    ],
  );
});
