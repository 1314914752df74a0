import type { MaskRule } from '../../contracts/masking.ts';

/** `other` is what rules cannot look into: composites, ranges, geometry, enumerations, users' types. */
export type TypeKind = 'text' | 'integer' | 'number' | 'date' | 'json' | 'uuid' | 'bytes' | 'other';

export interface ColumnType {
  readonly kind: TypeKind;
  /** Without its length, as `pg_dump` spells it. */
  readonly name: string;
  readonly isArray: boolean;
  /** The most characters that it takes. */
  readonly length?: number;
  /** `char(n)`. */
  readonly padded: boolean;
}

const kinds: Readonly<Record<string, TypeKind>> = {
  text: 'text',
  'character varying': 'text',
  character: 'text',
  name: 'text',
  citext: 'text',
  smallint: 'integer',
  integer: 'integer',
  bigint: 'integer',
  numeric: 'number',
  real: 'number',
  'double precision': 'number',
  date: 'date',
  'timestamp without time zone': 'date',
  'timestamp with time zone': 'date',
  json: 'json',
  jsonb: 'json',
  uuid: 'uuid',
  bytea: 'bytes',
};

/** The greatest value of each integer type. */
export const widest: Readonly<Record<string, bigint>> = {
  smallint: 2n ** 15n - 1n,
  integer: 2n ** 31n - 1n,
  bigint: 2n ** 63n - 1n,
};

/** Reads a type as `pg_dump` writes it: `character varying(40)[]`, `timestamp(3) with time zone`. */
export function parseColumnType(text: string): ColumnType {
  const element = text.replace(/(\[\d*\])+$/, '');
  const modifier = /\((\d+)(?:,\d+)?\)/.exec(element);
  const name = element.replace(/\(\d+(?:,-?\d+)?\)/, '').replaceAll(/\s+/g, ' ');
  // Extensions stand in a schema of the user's choice.
  const kind = kinds[name] ?? (/(?:^|\.)citext$/.test(name) ? 'text' : 'other');
  const length = name.startsWith('character') && modifier ? Number(modifier[1]) : undefined;
  return {
    kind,
    name,
    isArray: element !== text,
    padded: name === 'character',
    ...(length === undefined ? {} : { length }),
  };
}

const takes: Readonly<Record<string, readonly TypeKind[]>> = {
  hash: ['text', 'integer', 'uuid', 'bytes', 'other'],
  redact: ['text', 'json', 'other'],
  scrub: ['text', 'other'],
  pseudonym: ['text', 'other'],
  shiftDays: ['date'],
  noisePercent: ['integer', 'number'],
  json: ['json'],
};

/** Fewer characters of a hash would soon be the same for two values. */
const shortestHash = 16;

/** Why a rule cannot be applied to a column of this type; undefined when it can. */
export function misfitOf(rule: MaskRule, type: ColumnType): string | undefined {
  const name = ruleName(rule);
  const kinds = takes[name];
  if (!kinds) return undefined;
  // A domain over text is of a user's type; whether it takes the value, the server decides.
  if (!kinds.includes(type.kind)) return `${name} cannot be applied to ${type.name}`;
  if (name === 'hash' && (type.length ?? shortestHash) < shortestHash)
    return `hash needs ${shortestHash} characters, and the column takes ${type.length}`;
  return undefined;
}

export function ruleName(rule: MaskRule): string {
  if (rule === null) return 'null';
  return typeof rule === 'string' ? rule : (Object.keys(rule)[0] ?? '');
}
