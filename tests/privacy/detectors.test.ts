import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isResidentId, passesLuhn } from '../../backup-agent/privacy/detectors/check-digits.ts';
import { findPersonal, hasPersonalName } from '../../backup-agent/privacy/detectors/detectors.ts';

const kinds = (text: string) =>
  findPersonal(text).map(({ kind, text: found }) => `${kind}: ${found}`);

test('each kind is found within a text, at its place', () => {
  const text =
    '王芳 <wang.fang@crm.example>, 13800138000, 身份证11010519491231002X; card 4111 1111 1111 1111.';
  assert.deepEqual(kinds(text), [
    'e-mail address: wang.fang@crm.example',
    'phone number: 13800138000',
    'resident id: 11010519491231002X',
    'card number: 4111 1111 1111 1111',
  ]);
  for (const { at, text: found } of findPersonal(text))
    assert.equal(text.slice(at, at + found.length), found);
  assert.deepEqual(kinds('call +44 1632 960961 or +1 (212) 555-0100'), [
    'phone number: +44 1632 960961',
    'phone number: +1 (212) 555-0100',
  ]);
});

test('a wrong check digit, date or network is no id and no card', () => {
  assert.ok(isResidentId('11010519491231002X'));
  assert.ok(!isResidentId('110105194912310021'));
  assert.ok(!isResidentId('11010519490230002X'));
  assert.ok(passesLuhn('4111111111111111'));
  assert.ok(!passesLuhn('4111111111111112'));
  assert.deepEqual(kinds('4111111111111112, 9111111111111111, 110105194912310021'), []);
});

test('hashes, identifiers, amounts and times are not taken for personal data', () => {
  for (const text of [
    'd41d8cd98f00b204e9800998ecf8427e13800138000aa',
    '13800138000a',
    '4c2f1380-0138-4000-8111-138001380001',
    '2025-01-31 23:59:59.123456+00',
    '1234567890.13800138000',
    '+86 01234567890',
    'user@localhost',
    'a@b',
  ])
    assert.deepEqual(kinds(text), [], text);
});

test('columns are told by their names', () => {
  for (const name of [
    'email',
    'contactPhone',
    'full_name',
    'mobile1',
    '客户姓名',
    'birthday',
    'e_mail',
  ])
    assert.ok(hasPersonalName(name), name);
  for (const name of ['id', 'stage', 'emailed', 'filename', 'table_name', 'hostname', 'amount'])
    assert.ok(!hasPersonalName(name), name);
});
