import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSchemaScript } from '../../../backup-agent/sources/postgres/restore/schema-script.ts';
import { schemaShape } from '../../../backup-agent/sources/postgres/restore/schema-shape.ts';

/** As pg_dump 15 writes it. */
const script = `
--
-- Name: people; Type: TABLE; Schema: crm; Owner: postgres
--

CREATE TABLE crm.people (
    id bigint NOT NULL,
    "full, (name)" character varying(80) DEFAULT 'a, b ('::character varying COLLATE "C" NOT NULL,
    amount numeric(14,2),
    seen timestamp(3) without time zone DEFAULT now(),
    tags text[] DEFAULT '{}'::text[],
    mood "odd ""type""",
    words integer GENERATED ALWAYS AS (length('x, y'::text)) STORED,
    CONSTRAINT positive CHECK (((amount >= (0)::numeric) AND (amount < (9)::numeric)))
);


--
-- Name: late; Type: TABLE; Schema: crm; Owner: postgres
--

CREATE TABLE crm.late (
    extra uuid
)
INHERITS (crm.people);


--
-- Name: nothing; Type: TABLE; Schema: crm; Owner: postgres
--

CREATE TABLE crm.nothing (
);


--
-- Name: people people_pkey; Type: CONSTRAINT; Schema: crm; Owner: postgres
--

ALTER TABLE ONLY crm.people
    ADD CONSTRAINT people_pkey PRIMARY KEY (id);


--
-- Name: by_mail; Type: INDEX; Schema: crm; Owner: postgres
--

CREATE UNIQUE INDEX by_mail ON crm.people USING btree (mood);


--
-- Name: late late_fkey; Type: FK CONSTRAINT; Schema: crm; Owner: postgres
--

ALTER TABLE ONLY crm.late
    ADD CONSTRAINT late_fkey FOREIGN KEY (id, "full, (name)") REFERENCES crm.people(id, "full, (name)") ON DELETE CASCADE;
`;

const shape = schemaShape(parseSchemaScript(script));

test('columns come with their types, whatever stands in names and defaults', () => {
  const [people, late, nothing] = shape.tables;
  assert.deepEqual(
    people?.columns.map(({ name, type }) => `${name}: ${type}`),
    [
      'id: bigint',
      'full, (name): character varying(80)',
      'amount: numeric(14,2)',
      'seen: timestamp(3) without time zone',
      'tags: text[]',
      'mood: "odd ""type"""',
      'words: integer',
    ],
  );
  assert.deepEqual(
    people.columns.flatMap(({ name, notNull }) => (notNull ? [name] : [])),
    ['id', 'full, (name)'],
  );
  assert.deepEqual(
    people.columns.flatMap(({ name, generated }) => (generated ? [name] : [])),
    ['words'],
  );
  assert.equal(late?.columns.length, 8, 'inherited columns count');
  assert.deepEqual(nothing?.columns, []);
});

test('unique columns and foreign keys are found', () => {
  assert.deepEqual(shape.unique, [
    { schema: 'crm', name: 'people', columns: ['id'] },
    { schema: 'crm', name: 'people', columns: ['mood'] },
  ]);
  const columns = ['id', 'full, (name)'];
  assert.deepEqual(shape.foreignKeys, [
    {
      from: { schema: 'crm', name: 'late', columns },
      to: { schema: 'crm', name: 'people', columns },
    },
  ]);
});
