import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { MaskRule } from '../../contracts/masking.ts';
import { mapArray } from '../../backup-agent/privacy/array-literal.ts';
import { columnMask } from '../../backup-agent/privacy/column-mask.ts';
import { misfitOf, parseColumnType } from '../../backup-agent/privacy/column-type.ts';
import { fieldOf, fieldText, splitFields } from '../../backup-agent/privacy/copy-fields.ts';
import { maskJson } from '../../backup-agent/privacy/json-text.ts';
import { MaskingKey } from '../../backup-agent/privacy/masking-key.ts';

const key = MaskingKey.from('k'.repeat(32), 'test');
const mask = (rule: MaskRule, type: string) => columnMask(key, rule, parseColumnType(type));

test('fields of COPY text come back as they were', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (values) => {
      const row = Buffer.concat(
        values.flatMap((value, at) => [...(at > 0 ? [Buffer.from('\t')] : []), fieldOf(value)]),
      );
      assert.ok(!row.includes(10));
      // Lone surrogates have no UTF-8.
      const expected = values.map((value) => Buffer.from(value).toString());
      assert.deepEqual(splitFields(row).map(fieldText), expected);
    }),
  );
});

test('arrays: every element, at any depth, NULL and bounds left alone', () => {
  const upper = (text: string) => text.toUpperCase();
  assert.equal(
    mapArray('{a,"b c",NULL,"NULL","x\\"y","z\\\\"}', upper),
    '{A,"B C",NULL,"NULL","X\\"Y","Z\\\\"}',
  );
  assert.equal(mapArray('{{a,b},{c,d}}', upper), '{{A,B},{C,D}}');
  assert.equal(mapArray('[0:1]={a,b}', upper), '[0:1]={A,B}');
  assert.equal(mapArray('{}', upper), '{}');
  assert.equal(
    mapArray('{a}', () => '王 "芳"'),
    '{"王 \\"芳\\""}',
  );
  assert.equal(
    mapArray('{a}', () => undefined),
    '{NULL}',
  );
});

test('JSON: fields at any depth, other texts scrubbed, all else left as it was written', () => {
  const rule: MaskRule = {
    json: { fields: { email: { pseudonym: 'email' }, secret: null }, others: 'scrub' },
  };
  const document =
    '{"email": "a@b.example", "n": 1.50e400, "list": [{"email": ["c@d.example", null, 7]}], "secret": {"x": 1}, "note": "ring 13800138000", "1": true, "b\\"": "ok"}';
  const masked = mask(rule, 'jsonb')(document) ?? '';
  assert.doesNotMatch(masked, /a@b|c@d|13800138000/);
  assert.match(masked, /"n": 1\.50e400, "list": \[\{"email": \["m-/);
  assert.match(masked, /"secret": \{"x": null\}/);
  assert.match(masked, /"1": true, "b\\"": "ok"\}$/);
  assert.equal(mask(rule, 'jsonb')('"13800138000"')?.length, 13);
  assert.throws(
    () => maskJson('{"a": "unended}', { field: () => undefined, other: (text) => text }),
    {
      code: 'mask-failed',
    },
  );
});

test('the same value is masked alike whatever the column, and within its length', () => {
  const email: MaskRule = { pseudonym: 'email' };
  assert.equal(
    mask(email, 'text')('a@b.example'),
    mask(email, 'character varying(80)')('a@b.example'),
  );
  assert.equal(mask('hash', 'character varying(20)')('x')?.length, 20);
  assert.equal(mask('redact', 'character(3)')('CNY'), '[re');
  assert.equal(mask({ redact: 'x' }, 'character(3)')('CNY'), 'x  ');
  assert.equal(mask('redact', 'jsonb')('{}'), '"[redacted]"');
  assert.match(mask('hash', 'uuid')('x') ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab]/);
  assert.match(mask('hash', 'bytea')('\\x00') ?? '', /^\\x[0-9a-f]{64}$/);
  assert.equal(mask('null', 'text[]')('{a}'), undefined);
  assert.match(
    mask(email, 'text[]')('{a@b.example,c@d.example}') ?? '',
    /^\{m-\w+@masked.invalid,m-/,
  );
});

test('a rule that a type does not take is told', () => {
  const misfit = (rule: MaskRule, type: string) => misfitOf(rule, parseColumnType(type));
  assert.match(misfit({ pseudonym: 'email' }, 'integer') ?? '', /cannot be applied to integer/);
  assert.match(misfit({ shiftDays: 3 }, 'text') ?? '', /cannot be applied/);
  assert.match(misfit({ noisePercent: 3 }, 'date') ?? '', /cannot be applied/);
  assert.match(misfit('hash', 'character varying(8)') ?? '', /needs 16 characters/);
  assert.equal(misfit({ shiftDays: 3 }, 'timestamp(3) with time zone'), undefined);
  assert.equal(misfit({ noisePercent: 3 }, 'numeric(14,2)'), undefined);
  assert.equal(misfit('hash', 'public.citext'), undefined);
  assert.equal(misfit(null, 'tstzrange'), undefined);
});
