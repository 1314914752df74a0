import type { ClientBase } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { Readable } from 'node:stream';
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
 * nothing; the consuming functions do so even in a transaction that rolls back.
 */
export function peekChanges(client: ClientBase, peek: Peek): Readable {
  return client.query(copyTo(peekStatement(peek)));
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
