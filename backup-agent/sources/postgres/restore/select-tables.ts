import { HoldfastError, type Problem } from '../../../errors/holdfast-error.ts';
import { quoteQualified } from '../changes/quote.ts';
import type { Inventory } from '../inventory.ts';
import { matchesTable } from '../table-pattern.ts';
import {
  bareName,
  isAboutAnother,
  isOwned,
  isRelation,
  isRoutine,
  isShared,
  keyOf,
  madeBy,
  unnamedExtensions,
} from './entry-kinds.ts';
import { referencesIn, type References } from './references.ts';
import { inHeading, type SchemaEntry } from './schema-script.ts';

/** Some tables of a backup, and what of its schema they need. */
export interface TableSelection {
  /** In the script's order. */
  readonly entries: readonly SchemaEntry[];
  /** Quoted and qualified: these get their rows. */
  readonly tables: ReadonlySet<string>;
  /** Those of the entries that a target may have already: types, functions, schemas … */
  readonly shared: ReadonlySet<SchemaEntry>;
  /** What the entries make and the target must not have: tables, indexes, the tables' sequences. */
  readonly relations: readonly string[];
  /** Extensions that the entries may need. */
  readonly extensions: ReadonlySet<string>;
  /** What belongs to the tables and was left out, and why. */
  readonly problems: readonly Problem[];
}

/**
 * Chooses the entries that make the tables of these patterns, with partitions, indexes, constraints,
 * triggers and rights, and the types, functions and sequences that they need. pg_dump's script holds
 * no dependencies, so they are read off the names in the SQL. Foreign keys, rules and policies that
 * name tables which are not chosen are left out and reported. Throws `usage-invalid` when a pattern
 * fits no table. A pure function.
 */
export function selectTables(
  entries: readonly SchemaEntry[],
  patterns: readonly string[],
  extensions: Inventory['extensions'],
): TableSelection {
  return new Selector(entries).select(patterns, extensions);
}

/** Of some tables, those that are restored: all, or those that were chosen. */
export function chosenTables<Table extends { readonly schema: string; readonly name: string }>(
  selection: TableSelection | undefined,
  tables: readonly Table[],
): Table[] {
  return tables.filter(
    ({ schema, name }) => !selection || selection.tables.has(quoteQualified(schema, name)),
  );
}

class Selector {
  readonly #entries: readonly SchemaEntry[];
  readonly #references = new Map<SchemaEntry, References>();
  readonly #relations = new Map<string, SchemaEntry>();
  readonly #shared = new Map<string, SchemaEntry[]>();
  /** By the bare name, for what bodies of functions name. */
  readonly #bare = new Map<string, SchemaEntry[]>();
  readonly #selected = new Set<SchemaEntry>();
  readonly #taken = new Set<SchemaEntry>();
  readonly #problems: Problem[] = [];

  constructor(entries: readonly SchemaEntry[]) {
    this.#entries = entries;
    for (const entry of entries) {
      if (isRelation(entry)) this.#relations.set(keyOf(entry), entry);
      if (!isShared(entry)) continue;
      const name = bareName(entry);
      push(this.#shared, keyOf({ schema: entry.schema, name }), entry);
      push(this.#bare, name, entry);
    }
  }

  select(patterns: readonly string[], known: Inventory['extensions']): TableSelection {
    this.#choose(patterns);
    this.#addPartitions();
    for (const entry of this.#selected) this.#take(entry);
    for (const entry of this.#entries) if (this.#belongs(entry)) this.#takeOwned(entry);
    const made = new Set([...this.#taken].flatMap(madeBy));
    for (const entry of this.#entries)
      if (this.#attachesMade(entry, made) || this.#remarksOn(entry, made)) this.#taken.add(entry);
    const extensions = this.#extensions(known);
    const schemas = new Set([...this.#taken].map(({ schema }) => schema));
    const entries = this.#entries.filter(
      (entry) =>
        this.#taken.has(entry) ||
        (entry.type === 'SCHEMA' && schemas.has(entry.name)) ||
        (entry.type === 'EXTENSION' && extensions.has(entry.name)),
    );
    const ownSequences = this.#ownSequences();
    const isTheirs = (entry: SchemaEntry) => madeBy(entry).some((key) => ownSequences.has(key));
    return {
      entries,
      tables: new Set([...this.#selected].map(({ schema, name }) => quoteQualified(schema, name))),
      shared: new Set(entries.filter((entry) => isShared(entry) && !isTheirs(entry))),
      relations: entries.flatMap((entry) => relationsMade(entry, isTheirs(entry))),
      extensions,
      problems: this.#problems,
    };
  }

  #choose(patterns: readonly string[]): void {
    const tables = this.#entries.filter((entry) => entry.type === 'TABLE');
    for (const pattern of patterns) {
      const found = tables.filter((table) => matchesTable([pattern], table));
      if (found.length === 0) throw fitsNothing(pattern, tables);
      for (const table of found) this.#selected.add(table);
    }
  }

  /** Partitions come with their table; they may be partitioned themselves. */
  #addPartitions(): void {
    const attaching = this.#entries.filter(({ type }) => type === 'TABLE ATTACH');
    let grown = true;
    while (grown) {
      grown = false;
      for (const entry of attaching) {
        const [parent, child] = this.#relationsOf(entry);
        if (!parent || !child || !this.#selected.has(parent) || this.#selected.has(child)) continue;
        this.#selected.add(child);
        grown = true;
      }
    }
  }

  /** An entry and what it needs. */
  #take(entry: SchemaEntry): void {
    if (this.#taken.has(entry)) return;
    this.#taken.add(entry);
    const { direct, quoted, words } = this.#read(entry);
    for (const reference of [...direct, ...quoted])
      for (const needed of this.#shared.get(keyOf(reference)) ?? []) this.#take(needed);
    if (isRoutine(entry))
      for (const word of words) for (const needed of this.#bare.get(word) ?? []) this.#take(needed);
    if (isOwned(entry)) return;
    // A parent, or a table as the type of a column: its shape is needed, its rows are not.
    for (const table of this.#relationsOf(entry)) {
      if (table.type !== 'TABLE' || this.#selected.has(table) || this.#taken.has(table)) continue;
      const what = `made without its rows, because ${entry.schema}.${entry.name} needs it`;
      this.#problems.push({ where: quoteQualified(table.schema, table.name), what });
      this.#take(table);
    }
  }

  #belongs(entry: SchemaEntry): boolean {
    if (!isOwned(entry)) return false;
    const relations = this.#relationsOf(entry);
    // CREATE STATISTICS names its table last, and may have a table's name itself.
    const subject = entry.type === 'STATISTICS' ? relations.at(-1) : relations[0];
    return subject !== undefined && this.#selected.has(subject);
  }

  #takeOwned(entry: SchemaEntry): void {
    const absent = this.#relationsOf(entry).find((relation) => !this.#taken.has(relation));
    if (absent === undefined) {
      this.#take(entry);
    } else if (entry.type !== 'TABLE ATTACH') {
      this.#problems.push({
        where: `${entry.type.toLowerCase()} ${entry.schema}.${entry.name}`,
        what: `left out: it names ${absent.schema}.${absent.name}, which is not restored`,
      });
    }
  }

  #attachesMade(entry: SchemaEntry, made: ReadonlySet<string>): boolean {
    if (entry.type !== 'INDEX ATTACH') return false;
    return this.#read(entry).direct.every((reference) => made.has(keyOf(reference)));
  }

  /** Comments and rights on what belongs to the tables; what is shared keeps the target's own. */
  #remarksOn(entry: SchemaEntry, made: ReadonlySet<string>): boolean {
    const [first] = isAboutAnother(entry) ? this.#read(entry).direct : [];
    if (first === undefined) return false;
    if (/^(INDEX|SEQUENCE|STATISTICS) /.test(entry.name)) return made.has(keyOf(first));
    const table = this.#relations.get(keyOf(first));
    if (table === undefined || !this.#selected.has(table)) return false;
    if (/^(TABLE|COLUMN) /.test(entry.name)) return true;
    const part = /^(CONSTRAINT|TRIGGER|POLICY|RULE) (.*) ON /s.exec(entry.name)?.[2];
    return part !== undefined && !this.#leftOut(`${table.schema}.${table.name} ${part}`);
  }

  #leftOut(name: string): boolean {
    return this.#problems.some(({ where }) => inHeading(where).endsWith(` ${inHeading(name)}`));
  }

  /** Known tables and views that an entry names, in its order. */
  #relationsOf(entry: SchemaEntry): SchemaEntry[] {
    return this.#read(entry).direct.flatMap((reference) => {
      const relation = this.#relations.get(keyOf(reference));
      return relation && relation !== entry ? [relation] : [];
    });
  }

  /** Sequences of serial and identity columns: they are a part of their table. */
  #ownSequences(): Set<string> {
    const keys = new Set<string>();
    for (const entry of this.#taken) {
      if (entry.type === 'SEQUENCE OWNED BY')
        for (const reference of this.#read(entry).direct) keys.add(keyOf(reference));
      else if (isOwned(entry)) for (const key of madeBy(entry)) keys.add(key);
    }
    return keys;
  }

  /** Those in whose schemas something is named that the script does not make, and unnamed ones. */
  #extensions(known: Inventory['extensions']): Set<string> {
    const schemas = new Set<string>();
    const unnamed = new Set<string>();
    for (const entry of this.#taken) {
      for (const name of unnamedExtensions(entry)) unnamed.add(name);
      const { direct, quoted } = this.#read(entry);
      for (const reference of [...direct, ...quoted]) {
        const key = keyOf(reference);
        if (!this.#shared.has(key) && !this.#relations.has(key)) schemas.add(reference.schema);
      }
    }
    schemas.delete('pg_catalog');
    const needed = known.filter(({ schema, name }) => schemas.has(schema) || unnamed.has(name));
    return new Set(needed.map(({ name }) => name));
  }

  #read(entry: SchemaEntry): References {
    let references = this.#references.get(entry);
    if (references === undefined) {
      references = referencesIn(entry.sql);
      this.#references.set(entry, references);
    }
    return references;
  }
}

function relationsMade(entry: SchemaEntry, isTheirSequence: boolean): string[] {
  const { type, schema, name } = entry;
  if (type === 'TABLE') return [quoteQualified(schema, name)];
  if (type === 'STATISTICS' || (type === 'SEQUENCE' && !isTheirSequence)) return [];
  return madeBy(entry).map((key) => {
    const [madeIn = '', made = ''] = JSON.parse(key) as string[];
    return quoteQualified(madeIn, made);
  });
}

function push<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}

function fitsNothing(pattern: string, tables: readonly SchemaEntry[]): HoldfastError {
  const some = tables.slice(0, 5).map(({ schema, name }) => `${schema}.${name}`);
  const more = tables.length > some.length ? ', …' : '';
  return new HoldfastError('usage-invalid', `no table of the backup fits ${pattern}`, {
    hint: `the backup holds ${some.join(', ') || 'no table'}${more}; write schema.table, with * and ?`,
  });
}
