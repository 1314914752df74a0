import { readName, type Reference } from './references.ts';
import { sqlTokens } from './sql-tokens.ts';

/** One object of a schema dump: what pg_dump writes below one of its headings. */
export interface SchemaEntry {
  /** Its place in the script. */
  readonly at: number;
  /** pg_dump's word for it: `TABLE`, `FK CONSTRAINT`, `ACL` … */
  readonly type: string;
  /** As in the heading, and not quoted; with the line breaks that a name has. */
  readonly name: string;
  /** `-` where the object is in none. */
  readonly schema: string;
  readonly sql: string;
  /** The statement that gives the object to its owner. */
  readonly ownerSql?: string;
}

const heading = /^-- Name: (.*); Type: ([A-Z ]+); Schema: (.*); Owner: (.*)$/;
/** pg_dump switches these between objects, not below headings of their own. */
const switching = /(?:^|\n)((?:SET default_[a-z_]+ = [^;\n]*;\s*)+)$/;

/**
 * Splits a script of pg_dump at its headings. Only a heading outside strings, names, function bodies
 * and comments counts, so nothing that a user named or wrote can pass for one.
 */
export function parseSchemaScript(sql: string): SchemaEntry[] {
  const sections = splitAtHeadings(sql);
  const state = new Map<string, string>();
  const entries: SchemaEntry[] = [];
  for (const { head, start, end, ends } of sections) {
    const text = sql.slice(start, end);
    const switches = switching.exec(text)?.[1] ?? '';
    const body = text.slice(0, text.length - switches.length);
    const [, name = '', type = '', schema = ''] = heading.exec(head) ?? [];
    if (head !== '') {
      const prefix = [...state.values()].join('\n');
      const split = splitOwner(
        body,
        ends.map((at) => at - start).filter((at) => at < body.length),
      );
      entries.push({
        at: entries.length,
        type,
        ...namesAsTheyAre({ schema, name }, split.sql),
        ...split,
        sql: `${prefix}\n${split.sql}`,
      });
    }
    for (const [statement, key = ''] of switches.matchAll(/SET (default_[a-z_]+) = [^;\n]*;/g))
      state.set(key, statement);
  }
  return entries;
}

/**
 * pg_dump writes a space for each line break of a name in a heading. The SQL below has the name itself:
 * its first that the heading can mean, in the heading's schema if it is in one. A heading of several
 * names, such as a constraint's, stays as it is but for the schema.
 */
function namesAsTheyAre(heading: Reference, sql: string): Reference {
  if (!sql.includes('"')) return heading;
  const names = namesIn(sql);
  const own = names.find(
    ({ schema, name }) =>
      isInHeading(name, heading.name) &&
      (schema === undefined || inHeading(schema) === heading.schema),
  );
  const schemas = [own, ...names].flatMap((named) => named?.schema ?? []);
  return {
    name: own ? own.name + heading.name.slice(own.name.length) : heading.name,
    schema: schemas.find((schema) => inHeading(schema) === heading.schema) ?? heading.schema,
  };
}

/** Behind a routine's name stand its arguments. */
function isInHeading(name: string, heading: string): boolean {
  const text = inHeading(name);
  return heading === text || heading.startsWith(`${text}(`);
}

export function inHeading(name: string): string {
  return name.replaceAll(/[\n\r]/g, ' ');
}

/** Every name that is not itself a qualifier, with what qualifies it. */
function namesIn(sql: string): { readonly schema?: string; readonly name: string }[] {
  const found: { schema?: string; name: string }[] = [];
  let qualifies = false;
  for (const { text } of sqlTokens(sql)) {
    const name = readName(text);
    const last = found.at(-1);
    if (name !== undefined && qualifies && last)
      found[found.length - 1] = { schema: last.name, name };
    else if (name !== undefined) found.push({ name });
    qualifies = name === undefined && text.trim() === '.' && text.startsWith('.');
  }
  return found;
}

interface Section {
  /** Empty for what stands before the first heading. */
  readonly head: string;
  readonly start: number;
  end: number;
  /** Where the section's statements end. */
  readonly ends: number[];
}

function splitAtHeadings(sql: string): Section[] {
  let current: Section = { head: '', start: 0, end: sql.length, ends: [] };
  const sections = [current];
  for (const { text, start } of sqlTokens(sql)) {
    if (text === ';') current.ends.push(start + 1);
    if (!text.startsWith('-- Name: ') || !heading.test(text)) continue;
    // The line above a heading is a bare `--`, which belongs to it.
    current.end = Math.max(current.start, start - 3);
    current = { head: text, start: start + text.length, end: sql.length, ends: [] };
    sections.push(current);
  }
  return sections;
}

const ownership = /^\s*ALTER [A-Z ]+ [^]* OWNER TO (?:"(?:[^"]|"")+"|[a-z_][a-z0-9_$]*);\s*$/;

/** The statement that gives an object to its owner is the last one below its heading. */
function splitOwner(body: string, ends: readonly number[]): Pick<SchemaEntry, 'sql' | 'ownerSql'> {
  const last = ends.at(-1);
  const before = ends.at(-2);
  if (last === undefined || before === undefined) return { sql: body };
  const statement = body.slice(before, last);
  if (!ownership.test(statement)) return { sql: body };
  return { sql: body.slice(0, before), ownerSql: statement.trim() };
}
