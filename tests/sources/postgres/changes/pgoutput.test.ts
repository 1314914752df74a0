import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { isHoldfastError } from '../../../../backup-agent/errors/holdfast-error.ts';
import { decodeMessage } from '../../../../backup-agent/sources/postgres/changes/pgoutput.ts';
import { MessageBuilder } from './support/message-builder.ts';

const malformed = (error: unknown) => isHoldfastError(error, 'document-malformed');

/** One of each, as the manual lays them out. */
const examples: Readonly<Record<string, Buffer>> = {
  begin: new MessageBuilder('B').int64(0x16_b374_d848n).int64(1_000_000n).int32(7).bytes,
  commit: new MessageBuilder('C').int8(0).int64(5n).int64(9n).int64(-1n).bytes,
  origin: new MessageBuilder('O').int64(5n).text('elsewhere').bytes,
  relation: new MessageBuilder('R')
    .int32(4_294_967_295)
    .text('')
    .text('ta"ble\n🐘')
    .letter('d')
    .int16(2)
    .int8(1)
    .text('id')
    .int32(23)
    .int32(-1)
    .int8(0)
    .text('name')
    .int32(25)
    .int32(-1).bytes,
  type: new MessageBuilder('Y').int32(99).text('public').text('mood').bytes,
  insert: new MessageBuilder('I').int32(1).letter('N').tuple(['1', null, '']).bytes,
  update: new MessageBuilder('U').int32(1).letter('N').tuple(['1', undefined]).bytes,
  'update of the key': new MessageBuilder('U')
    .int32(1)
    .letter('K')
    .tuple(['1', null])
    .letter('N')
    .tuple(['2', 'x']).bytes,
  'update with the old row': new MessageBuilder('U')
    .int32(1)
    .letter('O')
    .tuple(['1', 'y'])
    .letter('N')
    .tuple(['2', 'x']).bytes,
  delete: new MessageBuilder('D').int32(1).letter('K').tuple(['1', null]).bytes,
  truncate: new MessageBuilder('T').int32(2).int8(3).int32(1).int32(2).bytes,
  message: new MessageBuilder('M').int8(1).int64(8n).text('holdfast').int32(2).raw('hi').bytes,
};

const decoded = (name: string) => decodeMessage(examples[name] ?? Buffer.alloc(0));
const text = (value: string) => Buffer.from(value);

test('each message reads as the manual says', () => {
  assert.deepEqual(decoded('begin'), {
    type: 'begin',
    commitLsn: 0x16_b374_d848n,
    commitTimeUs: 946_684_801_000_000n,
    xid: 7,
  });
  assert.deepEqual(decoded('commit'), {
    type: 'commit',
    commitLsn: 5n,
    endLsn: 9n,
    commitTimeUs: 946_684_799_999_999n,
  });
  assert.deepEqual(decoded('origin'), { type: 'origin', lsn: 5n, name: 'elsewhere' });
  assert.deepEqual(decoded('relation'), {
    type: 'relation',
    oid: 4_294_967_295,
    schema: 'pg_catalog',
    name: 'ta"ble\n🐘',
    replicaIdentity: 'default',
    columns: [
      { name: 'id', typeOid: 23, typeModifier: -1, key: true },
      { name: 'name', typeOid: 25, typeModifier: -1, key: false },
    ],
  });
  assert.deepEqual(decoded('type'), { type: 'type', oid: 99, schema: 'public', name: 'mood' });
  assert.deepEqual(decoded('insert'), {
    type: 'insert',
    relation: 1,
    row: [text('1'), null, text('')],
  });
  assert.deepEqual(decoded('delete'), {
    type: 'delete',
    relation: 1,
    key: [text('1'), null],
    old: undefined,
  });
  assert.deepEqual(decoded('truncate'), {
    type: 'truncate',
    relations: [1, 2],
    cascade: true,
    restartIdentity: true,
  });
  assert.deepEqual(decoded('message'), {
    type: 'message',
    transactional: true,
    lsn: 8n,
    prefix: 'holdfast',
    content: text('hi'),
  });
});

test('an update says what changed: a value left out, a key, or the whole old row', () => {
  assert.deepEqual(decoded('update'), {
    type: 'update',
    relation: 1,
    key: undefined,
    old: undefined,
    row: [text('1'), undefined],
  });
  const [key, old] = [decoded('update of the key'), decoded('update with the old row')];
  assert.ok(key.type === 'update' && old.type === 'update');
  assert.deepEqual([key.key, key.old], [[text('1'), null], undefined]);
  assert.deepEqual([old.key, old.old], [undefined, [text('1'), text('y')]]);
});

for (const [name, bytes] of Object.entries(examples)) {
  test(`a ${name} cut anywhere, or with a byte too many, is refused`, () => {
    for (let length = 0; length < bytes.length; length++) {
      assert.throws(() => decodeMessage(bytes.subarray(0, length)), malformed);
    }
    assert.throws(() => decodeMessage(Buffer.concat([bytes, Buffer.from([0])])), malformed);
  });
}

test('hostile bytes are a message or refused, never a crash or a hang', () => {
  const letters = fc.constantFrom(...Buffer.from('BCORYIUDTM'));
  fc.assert(
    fc.property(letters, fc.uint8Array({ maxLength: 200 }), (letter, body) => {
      try {
        decodeMessage(Buffer.from([letter, ...body]));
      } catch (error) {
        if (!malformed(error)) throw error;
      }
    }),
    { numRuns: 5_000 },
  );
});

test('a byte changed anywhere in a message is a message or refused', () => {
  const which = fc.constantFrom(...Object.values(examples));
  fc.assert(
    fc.property(which, fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, at, change) => {
      const broken = Buffer.from(bytes);
      broken[at % broken.length] = (broken[at % broken.length] ?? 0) ^ change;
      try {
        decodeMessage(broken);
      } catch (error) {
        if (!malformed(error)) throw error;
      }
    }),
    { numRuns: 5_000 },
  );
});

test('a count or length that promises more than there is allocates nothing', () => {
  const row = new MessageBuilder('I').int32(1).letter('N').int16(32_767).bytes;
  assert.throws(() => decodeMessage(row), malformed);
  const tables = new MessageBuilder('T').int32(2_000_000_000).int8(0).int32(1).bytes;
  assert.throws(() => decodeMessage(tables), malformed);
  const value = new MessageBuilder('I').int32(1).letter('N').int16(1).letter('t').int32(-5).bytes;
  assert.throws(() => decodeMessage(value), malformed);
});

test('binary values and messages of streamed transactions are refused by name', () => {
  const binary = new MessageBuilder('I').int32(1).letter('N').int16(1).letter('b').int32(0).bytes;
  assert.throws(() => decodeMessage(binary), /unknown kind 0x62/);
  assert.throws(() => decodeMessage(Buffer.from('S')), /unknown type 0x53/);
});
