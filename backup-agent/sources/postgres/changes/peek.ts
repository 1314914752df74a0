import type { ClientBase } from 'pg';
import { CopyOutQuery } from '../copy-out-query.ts';
import { formatLsn, type Lsn } from './lsn.ts';
import { quoteIdentifier, quoteLiteral } from './quote.ts';

export interface Peek {
  readonly slot: string;
  /** Transactions whose commit record starts before this position. */
  readonly upTo: Lsn;
  readonly publications: readonly string[];
  readonly majorVersion: number;
}

/**
 * The slot's changes as a binary COPY stream, from its confirmed position on. Peeking consumes
 * nothing; the consuming functions do so even in a transaction that rolls back. The server begins at
 * once, and decodes all of it before the first byte comes: whatever else is to be prepared may be
 * prepared meanwhile. Leaving the loop early breaks the connection.
 */
export function peekChanges(
  client: ClientBase,
  peek: Peek,
): AsyncGenerator<Uint8Array, void, undefined> {
  return client.query(new CopyOutQuery(peekStatement(peek))).blocks();
}

function peekStatement(peek: Peek): string {
  const options = [
    'proto_version',
    '1',
    'publication_names',
    peek.publications.map(quoteIdentifier).join(','),
    // Named moments; PostgreSQL 13 does not know the option.
    ...(peek.majorVersion >= 14 ? ['messages', 'true'] : []),
  ];
  const values = [peek.slot, formatLsn(peek.upTo)].map(quoteLiteral).join(', ');
  return (
    'COPY (SELECT lsn, data FROM pg_catalog.pg_logical_slot_peek_binary_changes(' +
    `${values}, NULL, VARIADIC ARRAY[${options.map(quoteLiteral).join(', ')}])` +
    ') TO STDOUT (FORMAT binary)'
  );
}
