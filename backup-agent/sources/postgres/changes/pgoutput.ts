import { ByteCursor } from './byte-cursor.ts';
import {
  unchanged,
  type BeginMessage,
  type ChangeMessage,
  type CommitMessage,
  type DeleteMessage,
  type LogicalMessage,
  type RelationColumn,
  type RelationMessage,
  type ReplicaIdentity,
  type TruncateMessage,
  type Tuple,
  type TupleValue,
  type UpdateMessage,
} from './pgoutput-message.ts';

/** The message's first byte. */
export const messageTypes = {
  begin: 0x42, // B
  commit: 0x43, // C
  origin: 0x4f, // O
  relation: 0x52, // R
  type: 0x59, // Y
  insert: 0x49, // I
  update: 0x55, // U
  delete: 0x44, // D
  truncate: 0x54, // T
  message: 0x4d, // M
} as const;

const tuple = { new: 0x4e, key: 0x4b, old: 0x4f } as const;
const value = { null: 0x6e, unchanged: 0x75, text: 0x74 } as const;
const postgresEpochUs = 946_684_800_000_000n;

const replicaIdentities: Readonly<Record<string, ReplicaIdentity>> = {
  d: 'default',
  n: 'nothing',
  f: 'full',
  i: 'index',
};

/**
 * Reads one message of pgoutput, protocol version 1 without binary values. Throws
 * `document-malformed` for anything else. Values are views into `bytes`.
 */
export function decodeMessage(bytes: Buffer): ChangeMessage {
  const cursor = new ByteCursor(bytes, 'change message');
  const message = readBody(cursor, cursor.uint8());
  cursor.finish();
  return message;
}

function readBody(cursor: ByteCursor, type: number): ChangeMessage {
  switch (type) {
    case messageTypes.insert: {
      const relation = cursor.uint32();
      expectTuple(cursor, tuple.new);
      return { type: 'insert', relation, row: readTuple(cursor) };
    }
    case messageTypes.update:
      return readUpdate(cursor);
    case messageTypes.delete:
      return readDelete(cursor);
    case messageTypes.begin:
      return readBegin(cursor);
    case messageTypes.commit:
      return readCommit(cursor);
    case messageTypes.relation:
      return readRelation(cursor);
    case messageTypes.truncate:
      return readTruncate(cursor);
    case messageTypes.message:
      return readLogicalMessage(cursor);
    case messageTypes.type: {
      const oid = cursor.uint32();
      return { type: 'type', oid, schema: readSchema(cursor), name: cursor.cString() };
    }
    case messageTypes.origin:
      return { type: 'origin', lsn: cursor.uint64(), name: cursor.cString() };
    default:
      throw cursor.malformed(`of the unknown type 0x${type.toString(16)}`);
  }
}

function readBegin(cursor: ByteCursor): BeginMessage {
  return {
    type: 'begin',
    commitLsn: cursor.uint64(),
    commitTimeUs: cursor.int64() + postgresEpochUs,
    xid: cursor.uint32(),
  };
}

function readCommit(cursor: ByteCursor): CommitMessage {
  const flags = cursor.uint8();
  if (flags !== 0) throw cursor.malformed(`a commit with the unknown flags ${flags}`);
  return {
    type: 'commit',
    commitLsn: cursor.uint64(),
    endLsn: cursor.uint64(),
    commitTimeUs: cursor.int64() + postgresEpochUs,
  };
}

function readRelation(cursor: ByteCursor): RelationMessage {
  const oid = cursor.uint32();
  const schema = readSchema(cursor);
  const name = cursor.cString();
  const letter = String.fromCharCode(cursor.uint8());
  const replicaIdentity = replicaIdentities[letter];
  if (replicaIdentity === undefined) {
    throw cursor.malformed(`a table with the unknown replica identity ${JSON.stringify(letter)}`);
  }
  const count = readCount(cursor, cursor.int16());
  const columns = Array.from({ length: count }, () => readColumn(cursor));
  return { type: 'relation', oid, schema, name, replicaIdentity, columns };
}

function readColumn(cursor: ByteCursor): RelationColumn {
  const flags = cursor.uint8();
  if (flags > 1) throw cursor.malformed(`a column with the unknown flags ${flags}`);
  return {
    name: cursor.cString(),
    typeOid: cursor.uint32(),
    typeModifier: cursor.int32(),
    key: flags === 1,
  };
}

function readUpdate(cursor: ByteCursor): UpdateMessage {
  const relation = cursor.uint32();
  let key: Tuple | undefined;
  let old: Tuple | undefined;
  let kind = cursor.uint8();
  if (kind === tuple.key || kind === tuple.old) {
    const before = readTuple(cursor);
    if (kind === tuple.key) key = before;
    else old = before;
    kind = cursor.uint8();
  }
  if (kind !== tuple.new) throw cursor.malformed('an update without a new row');
  return { type: 'update', relation, key, old, row: readTuple(cursor) };
}

function readDelete(cursor: ByteCursor): DeleteMessage {
  const relation = cursor.uint32();
  const kind = cursor.uint8();
  if (kind !== tuple.key && kind !== tuple.old) throw cursor.malformed('a delete without a row');
  const before = readTuple(cursor);
  return kind === tuple.key
    ? { type: 'delete', relation, key: before, old: undefined }
    : { type: 'delete', relation, key: undefined, old: before };
}

function readTruncate(cursor: ByteCursor): TruncateMessage {
  const announced = cursor.int32();
  const flags = cursor.uint8();
  if (flags > 3) throw cursor.malformed(`a truncate with the unknown flags ${flags}`);
  const count = readCount(cursor, announced);
  return {
    type: 'truncate',
    relations: Array.from({ length: count }, () => cursor.uint32()),
    cascade: (flags & 1) !== 0,
    restartIdentity: (flags & 2) !== 0,
  };
}

function readLogicalMessage(cursor: ByteCursor): LogicalMessage {
  const flags = cursor.uint8();
  if (flags > 1) throw cursor.malformed(`a message with the unknown flags ${flags}`);
  return {
    type: 'message',
    transactional: flags === 1,
    lsn: cursor.uint64(),
    prefix: cursor.cString(),
    content: cursor.bytes(cursor.int32()),
  };
}

function readSchema(cursor: ByteCursor): string {
  return cursor.cString() || 'pg_catalog';
}

function expectTuple(cursor: ByteCursor, kind: number): void {
  if (cursor.uint8() !== kind) throw cursor.malformed('a row of an unexpected kind');
}

function readTuple(cursor: ByteCursor): Tuple {
  const count = readCount(cursor, cursor.int16());
  const values: TupleValue[] = [];
  for (let column = 0; column < count; column++) values.push(readValue(cursor));
  return values;
}

function readValue(cursor: ByteCursor): TupleValue {
  const kind = cursor.uint8();
  switch (kind) {
    case value.text:
      return cursor.bytes(cursor.int32());
    case value.null:
      return null;
    case value.unchanged:
      return unchanged;
    default:
      throw cursor.malformed(`a value of the unknown kind 0x${kind.toString(16)}`);
  }
}

/** Every element takes at least a byte, so a larger count is a lie that must not allocate. */
function readCount(cursor: ByteCursor, count: number): number {
  if (count < 0 || count > cursor.remaining) throw cursor.malformed(`a count of ${count}`);
  return count;
}
