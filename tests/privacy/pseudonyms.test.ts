import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { findPersonal } from '../../backup-agent/privacy/detectors/detectors.ts';
import { permuteDigits, permuteInteger } from '../../backup-agent/privacy/digit-permutation.ts';
import { MaskingKey } from '../../backup-agent/privacy/masking-key.ts';
import { addNoise } from '../../backup-agent/privacy/noisy-number.ts';
import { emailPseudonym } from '../../backup-agent/privacy/pseudonyms/email.ts';
import { namePseudonym } from '../../backup-agent/privacy/pseudonyms/name.ts';
import { phonePseudonym } from '../../backup-agent/privacy/pseudonyms/phone.ts';
import { shiftDate } from '../../backup-agent/privacy/shifted-date.ts';

const key = MaskingKey.from('k'.repeat(32), 'test');
const other = MaskingKey.from('o'.repeat(32), 'test');

test('a short secret is refused', () => {
  assert.throws(() => MaskingKey.from('short', 'maskingProfiles.x.key'), { code: 'key-invalid' });
});

test('digits are permuted: as many, no two the same, otherwise under another key', () => {
  const all = Array.from({ length: 1_000 }, (_, n) => String(n).padStart(3, '0'));
  const permuted = all.map((digits) => permuteDigits(key, 'test', digits));
  assert.deepEqual(permuted.toSorted(), all);
  assert.notDeepEqual(
    permuted,
    all.map((digits) => permuteDigits(other, 'test', digits)),
  );
});

test('whole numbers stay whole numbers of as many digits within their type', () => {
  const most = 2n ** 31n - 1n;
  fc.assert(
    fc.property(fc.integer({ min: -Number(most), max: Number(most) }), (number) => {
      const masked = permuteInteger(key, String(number), most);
      assert.equal(masked.length, String(number).length);
      assert.equal(String(Number(masked)), masked.replace(/^-0$/, '0'));
      assert.ok(BigInt(masked.replace('-', '')) <= most);
    }),
  );
});

test('phone numbers keep country and form, and are none that anybody has', () => {
  for (const [phone, form] of [
    ['+86 138 0013 8000', /^\+86 0\d\d \d{4} \d{4}$/],
    ['13800138000', /^0\d{10}$/],
    ['+1 (212) 555-0100', /^\+1 \(0\d{3}\) \d{3}-\d{4}$/],
    ['0049-30-901820', /^0049-0\d\d-\d{6}$/],
    ['+441632960961', /^\+440\d{10}$/],
    ['021-62345678 转 12', /^0\d{3}-\d{8} 转 \d\d$/],
  ] as const) {
    const masked = phonePseudonym(key, phone);
    assert.match(masked, form);
    assert.equal(masked, phonePseudonym(key, phone));
    assert.notEqual(masked, phonePseudonym(other, phone));
    assert.deepEqual(findPersonal(masked), [], masked);
  }
  assert.match(phonePseudonym(key, 'ask for 王芳'), /^masked-[0-9a-f]{12}$/);
  assert.equal(phonePseudonym(key, ''), '');
});

test('Chinese mobile numbers never become the same one', () => {
  const phones = Array.from({ length: 5_000 }, (_, n) => `138${String(n).padStart(8, '0')}`);
  assert.equal(new Set(phones.map((phone) => phonePseudonym(key, phone))).size, phones.length);
});

test('names keep script, words and capitals', () => {
  for (const [name, form] of [
    ['王芳', /^\p{Script=Han}{2}$/u],
    ['欧阳娜娜', /^\p{Script=Han}{3}$/u],
    ['Zoë O’Brien', /^[A-Z][a-z]+ [A-Z]’[A-Z][a-z]+$/],
    ['jean-luc PICARD', /^[a-z]+-[a-z]+ [A-Z]+$/],
    ['李伟 17', /^\p{Script=Han}{2} \d\d$/u],
    ['J. Smith', /^[A-Z]\. [A-Z][a-z]+$/],
  ] as const) {
    const masked = namePseudonym(key, name);
    assert.match(masked, form);
    assert.notEqual(masked, name);
    assert.equal(masked, namePseudonym(key, name));
  }
});

test('an e-mail address becomes one that nobody can own', () => {
  const masked = emailPseudonym(key, 'Wang.Fang@example.com');
  assert.match(masked, /^m-[0-9a-f]{16}@masked\.invalid$/);
  assert.deepEqual(findPersonal(masked), []);
});

test('dates move, never by nothing, never further than allowed, and keep their form', () => {
  const day = fc.date({
    min: new Date('1900-01-01'),
    max: new Date('2100-01-01'),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(day, fc.integer({ min: 1, max: 400 }), (date, days) => {
      const text = date.toISOString().slice(0, 10);
      const moved = shiftDate(key, days, text) ?? '';
      assert.match(moved, /^\d{4}-\d\d-\d\d$/);
      const distance = Math.abs(Date.parse(moved) - Date.parse(text)) / 86_400_000;
      assert.ok(distance >= 1 && distance <= days, `${text} became ${moved}`);
    }),
  );
  assert.match(
    shiftDate(key, 30, '2025-01-31 23:59:59.123456+00') ?? '',
    /^202[45]-\d\d-\d\d \d\d:\d\d:\d\d\.123456\+00$/,
  );
  assert.equal(shiftDate(key, 30, 'infinity'), undefined);
  assert.equal(shiftDate(key, 30, '0044-03-15 BC'), undefined);
});

test('noise keeps decimals, sign and the number of digits', () => {
  fc.assert(
    fc.property(fc.integer({ min: -99_999_999, max: 99_999_999 }), (cents) => {
      const text = (cents / 100).toFixed(2).replace(/^-0\.00$/, '0.00');
      const noisy = addNoise(key, 10, text);
      assert.match(noisy, /^-?\d+\.\d\d$/);
      assert.ok(noisy.replace('-', '').length <= text.replace('-', '').length);
      const [before, after] = [Number(text), Number(noisy)];
      assert.ok(Math.abs(after - before) <= Math.abs(before) * 0.1 + 0.01, `${text} → ${noisy}`);
    }),
  );
  assert.equal(addNoise(key, 10, '0'), '0');
  assert.equal(addNoise(key, 10, 'NaN'), 'NaN');
  assert.match(addNoise(key, 10, '1.5e+20'), /^1\.\de\+20$/);
});
