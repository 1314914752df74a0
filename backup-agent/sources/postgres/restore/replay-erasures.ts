import type { Client } from 'pg';
import type { Erasure, ErasureStep } from '../../../../contracts/erasure.ts';
import { isDatabaseError } from '../changes/database-error.ts';
import { quoteIdentifier, quoteQualified } from '../changes/quote.ts';
import { connect } from '../connection.ts';
import type { ConnectionTarget } from '../connection-target.ts';
import type { MaskingReport } from './restore-mask.ts';

/** What became of one request in a restored database. */
export interface ErasureOutcome {
  readonly id: string;
  /**
   * `absent`: erased before the restored moment, and not there. `erased`: replayed, and proven gone.
   * `returned`: erased before the restored moment, yet something is there: recorded too early, or the
   * person came back. `failed`: replayed, and still there, or a statement was refused. `inapplicable`:
   * nothing that the request touches exists in this backup, or masking left nobody to be told apart.
   */
  readonly outcome: 'absent' | 'erased' | 'returned' | 'failed' | 'inapplicable';
  /** Without the person's key. */
  readonly what: string;
  readonly rows: number;
}

export interface ErasureReplay {
  readonly target: ConnectionTarget;
  readonly requests: readonly Erasure[];
  /** The moment that the database shows. */
  readonly point: Date;
  /** Of a masked restore: then people are found under their pseudonyms. */
  readonly masking: MaskingReport | undefined;
  readonly signal: AbortSignal;
}

/**
 * Erases from a restored database whoever was erased at the source after its moment, each request in
 * one transaction that is kept only when the request's proofs find nothing; and looks for those who
 * were erased before. Never throws for what one request meets: the database is there, and whoever
 * restored it must learn who still is in it.
 */
export async function replayErasures(replay: ErasureReplay): Promise<ErasureOutcome[]> {
  if (replay.requests.length === 0) return [];
  await using session = await connect(replay.target, { signal: replay.signal });
  const outcomes: ErasureOutcome[] = [];
  for (const request of replay.requests) {
    replay.signal.throwIfAborted();
    outcomes.push(await replayOne(session.client, request, replay));
  }
  return outcomes;
}

interface Tally {
  rows: number;
  found: number;
  /** Steps whose tables and columns exist. */
  applicable: number;
}

async function replayOne(
  client: Client,
  request: Erasure,
  { point, masking }: ErasureReplay,
): Promise<ErasureOutcome> {
  const later = new Date(request.erasedAt) >= point;
  const tally: Tally = { rows: 0, found: 0, applicable: 0 };
  await client.query('BEGIN');
  try {
    for (const step of request.steps)
      await runStep(client, request, step, { later, masking, tally });
    await client.query('SET CONSTRAINTS ALL IMMEDIATE');
    const outcome = judge(request.id, later, tally);
    await client.query(outcome.outcome === 'erased' ? 'COMMIT' : 'ROLLBACK');
    return outcome;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    if (!isDatabaseError(error)) throw error;
    // A message of the server may quote the person's key, its code does not.
    const what = `the server refused a statement of the request (${error.code})`;
    return { id: request.id, outcome: 'failed', what, rows: 0 };
  }
}

function judge(id: string, later: boolean, { rows, found, applicable }: Tally): ErasureOutcome {
  if (applicable === 0)
    return { id, outcome: 'inapplicable', what: 'nothing that it touches can be found here', rows };
  if (later)
    return found === 0
      ? { id, outcome: 'erased', what: `${rows} rows, and the proof finds nothing`, rows }
      : {
          id,
          outcome: 'failed',
          what: 'the proof still finds something; nothing was changed',
          rows: 0,
        };
  return found === 0
    ? { id, outcome: 'absent', what: 'erased before this moment', rows: 0 }
    : {
        id,
        outcome: 'returned',
        what: 'erased before this moment, and something is there',
        rows: 0,
      };
}

interface StepRun {
  readonly later: boolean;
  readonly masking: MaskingReport | undefined;
  readonly tally: Tally;
}

async function runStep(
  client: Client,
  { subject }: Erasure,
  step: ErasureStep,
  { later, masking, tally }: StepRun,
): Promise<void> {
  const { statement, proof } = sqlOf(step);
  const keys = keysOf(subject, step, masking);
  await client.query('SAVEPOINT step');
  try {
    for (const key of keys) {
      if (later)
        tally.rows += (await client.query(statement, parameters(statement, key))).rowCount ?? 0;
      tally.found += foundBy((await client.query(proof, parameters(proof, key))).rows);
    }
    if (keys.length > 0) tally.applicable += 1;
  } catch (error) {
    // A table, column, schema or function that this backup does not have: it came later.
    if (!isDatabaseError(error) || !/^(42P01|42703|3F000|42883)$/.test(error.code)) throw error;
    await client.query('ROLLBACK TO SAVEPOINT step');
  }
}

function sqlOf(step: ErasureStep): { readonly statement: string; readonly proof: string } {
  if ('statement' in step) return step;
  const { schema, table, name } = step.column;
  const rows = `FROM ${quoteQualified(schema, table)} WHERE ${quoteIdentifier(name)} = $1`;
  return { statement: `DELETE ${rows}`, proof: `SELECT count(*) ${rows}` };
}

/** A statement may do without the key. */
function parameters(sql: string, key: string): string[] {
  return sql.includes('$1') ? [key] : [];
}

/** The one value of a proof: a count, a truth or nothing. */
function foundBy(rows: readonly Record<string, unknown>[]): number {
  const value = rows.length === 0 ? null : Object.values(rows[0] ?? {})[0];
  return value === null || value === undefined || value === false || Number(value) === 0 ? 0 : 1;
}

/**
 * A person's key as the database may hold it. A column says how it was masked; statements are run for
 * the key itself and for each form that a mask of the profile gives to it. Only masks count that tell
 * people apart: `[redacted]` would find everybody.
 */
function keysOf(subject: string, step: ErasureStep, masking: MaskingReport | undefined): string[] {
  if (!masking) return [subject];
  if ('column' in step) {
    const { schema, table, name } = step.column;
    const own = masking.columns.find(
      (one) => one.schema === schema && one.table === table && one.column === name,
    );
    return own ? formsOf([own], subject) : [subject];
  }
  return [...new Set([subject, ...formsOf(masking.columns, subject)])];
}

function formsOf(columns: MaskingReport['columns'], subject: string): string[] {
  return columns.filter(tellsApart).flatMap(({ planned }) => planned.mask?.(subject) ?? []);
}

function tellsApart({ planned: { rule, type } }: MaskingReport['columns'][number]): boolean {
  if (type.isArray) return false;
  if (rule === 'hash') return type.kind === 'text' || type.kind === 'uuid';
  const pseudonym = typeof rule === 'object' && rule !== null && 'pseudonym' in rule;
  return pseudonym && rule.pseudonym !== 'name';
}
