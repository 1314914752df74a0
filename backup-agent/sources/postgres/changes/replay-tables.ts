import type { ClientBase } from 'pg';
import { HoldfastError } from '../../../errors/holdfast-error.ts';
import type { Lsn } from './lsn.ts';
import type { RelationMessage, TruncateMessage, Tuple } from './pgoutput-message.ts';
import { quoteQualified } from './quote.ts';
import type { InexactTable } from './replay-progress.ts';
import { TableChanges } from './table-changes.ts';
import { readTargetTable } from './target-table.ts';

/** A table of the restored database that takes part in the replay. */
export interface ReplayTable {
  /** In the source: it stays when a table is renamed. */
  readonly oid: number;
  /** In the restored database. */
  readonly schema: string;
  readonly name: string;
  /** Its rows are restored as of this position: what committed before it is in them. */
  readonly from: Lsn;
}

/** Changes values on their way; `undefined` ones, which the message leaves out, stay so. */
export interface RowMask {
  tuple(
    place: { readonly schema: string; readonly name: string },
    columns: readonly string[],
    row: Tuple,
  ): Tuple;
}

interface Described {
  readonly place: ReplayTable;
  readonly changes: TableChanges;
}

/** The tables of a replay, by their OID in the source, and what is collected for them. */
export class ReplayTables {
  readonly #client: ClientBase;
  readonly #places: ReadonlyMap<number, ReplayTable>;
  readonly #described = new Map<number, Described | undefined>();
  /** By description: every stored stream says them again, mostly the same. */
  readonly #known = new Map<string, Described | undefined>();
  readonly #pending = new Set<Described>();
  readonly #earlier: readonly InexactTable[];
  readonly #inexact = new Map<number, InexactTable>();
  readonly #mask: RowMask | undefined;
  #stages = 0;

  /** `inexact`: what an earlier run of the same replay found. */
  constructor(
    client: ClientBase,
    tables: readonly ReplayTable[],
    inexact: readonly InexactTable[] = [],
    mask?: RowMask,
  ) {
    this.#client = client;
    this.#earlier = inexact;
    this.#mask = mask;
    this.#places = new Map(tables.map((table) => [table.oid, table]));
  }

  isPending(oid: number): boolean {
    const described = this.#described.get(oid);
    return described !== undefined && this.#pending.has(described);
  }

  forgetRelations(): void {
    this.#described.clear();
  }

  /** What was collected for the table under its former description must be applied before. */
  async describe(relation: RelationMessage): Promise<void> {
    const place = this.#places.get(relation.oid);
    if (place === undefined) {
      this.#described.set(relation.oid, undefined);
      return;
    }
    const signature = JSON.stringify(relation);
    const known = this.#known.has(signature)
      ? this.#known.get(signature)
      : await this.#prepare(place, relation);
    this.#known.set(signature, known);
    this.#described.set(relation.oid, known);
  }

  async #prepare(place: ReplayTable, relation: RelationMessage): Promise<Described | undefined> {
    const target = await readTargetTable(this.#client, place, relation);
    if (target.misfit !== undefined) {
      // Redefined between the restored schema and the target: its rows stay as they were before.
      this.#note(place, `it was redefined before this moment: ${target.misfit} from then on`);
      return undefined;
    }
    if (target.unknownColumns.length > 0) {
      const names = target.unknownColumns.join(', ');
      this.#note(place, `columns that came later are missing: ${names}`);
    }
    const stage = `holdfast stage ${++this.#stages}`;
    const columns = target.columns.map(({ name }) => name);
    const mask = this.#mask && ((row: Tuple) => this.#mask?.tuple(place, columns, row) ?? row);
    const changes = new TableChanges(this.#client, target, stage, mask);
    return { place, changes };
  }

  /** Where to collect a change; undefined when the table takes no part, or has it already. */
  find(oid: number, commitLsn: Lsn): TableChanges | undefined {
    if (!this.#described.has(oid)) {
      throw new HoldfastError('document-malformed', `a change of table ${oid}, never described`);
    }
    const described = this.#described.get(oid);
    if (described === undefined || commitLsn < described.place.from) return undefined;
    this.#pending.add(described);
    return described.changes;
  }

  /** One statement for all tables of the message, as it was one in the source. */
  async truncate(message: TruncateMessage, commitLsn: Lsn): Promise<void> {
    const tables = message.relations.flatMap((oid) => {
      this.find(oid, commitLsn)?.clear();
      const place = this.#places.get(oid);
      return place === undefined || commitLsn < place.from ? [] : [place];
    });
    if (tables.length === 0) return;
    const names = tables
      .map(({ schema, name }) => `ONLY ${quoteQualified(schema, name)}`)
      .join(', ');
    const restart = message.restartIdentity ? ' RESTART IDENTITY' : '';
    const cascade = message.cascade ? ' CASCADE' : '';
    await this.#client.query(`TRUNCATE ${names}${restart}${cascade}`);
  }

  async flush(): Promise<void> {
    for (const { changes } of this.#pending) await changes.flush();
    this.#pending.clear();
  }

  inexact(): InexactTable[] {
    const found = [...this.#inexact.values()];
    const isFound = ({ schema, name }: InexactTable) =>
      found.some((table) => table.schema === schema && table.name === name);
    return [...this.#earlier.filter((table) => !isFound(table)), ...found];
  }

  #note({ oid, schema, name }: ReplayTable, reason: string): void {
    this.#inexact.set(oid, { schema, name, reason });
  }
}
