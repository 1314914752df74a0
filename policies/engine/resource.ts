import { asList, type Fields, isObject, isSymbol, type Value } from './value.ts';

/** Where a resource was declared, as far as the input tells. */
export interface Origin {
  /** The construct's path, such as `data/database/instance`. */
  readonly construct?: string;
  /** `file.ts:12:5` of the call that created the construct, when the synthesis recorded it. */
  readonly source?: string;
  /** The Terraform file that holds it, and the line its block starts on. */
  readonly file?: string;
  readonly line?: number;
}

export interface ResourceFacts {
  readonly address: string;
  readonly stack: string;
  readonly mode: 'managed' | 'data';
  readonly type: string;
  readonly name: string;
  readonly provider: Fields;
  readonly origin: Origin;
  readonly values: Fields;
}

/** One resource instance or data source with its attributes resolved. */
export class Resource implements ResourceFacts {
  readonly address: string;
  readonly stack: string;
  readonly mode: 'managed' | 'data';
  readonly type: string;
  readonly name: string;
  readonly provider: Fields;
  readonly origin: Origin;
  readonly values: Fields;

  constructor(facts: ResourceFacts) {
    this.address = facts.address;
    this.stack = facts.stack;
    this.mode = facts.mode;
    this.type = facts.type;
    this.name = facts.name;
    this.provider = facts.provider;
    this.origin = facts.origin;
    this.values = facts.values;
  }

  /** An attribute by its dotted path; a list of blocks on the way is entered at its first block. */
  get(path: string): Value | undefined {
    return pick(this.values, path);
  }

  /** The blocks at a dotted path, whether written as one object or as a list; from all parents. */
  blocks(path: string): Fields[] {
    return blocksOf(this.values, path);
  }

  /** The region the resource lives in, when it is known. */
  get region(): Value | undefined {
    return this.values['region'] ?? this.provider['region'];
  }

  /** What tells accounts apart: the role that the provider assumes, or nothing for the default. */
  get account(): string {
    return accountOf(this.provider);
  }

  /** The resource's tags with the provider's default tags under them. */
  get tags(): Fields {
    return { ...tagsIn(pick(this.provider, 'default_tags.tags')), ...tagsIn(this.values['tags']) };
  }
}

/** The account a provider works in: of the role it assumes, or empty for the credentials' own. */
export function accountOf(provider: Fields): string {
  const role = pick(provider, 'assume_role.role_arn');
  return typeof role === 'string' ? (/^arn:[^:]*:iam::([^:]*):/.exec(role)?.[1] ?? role) : '';
}

function tagsIn(value: Value | undefined): Fields {
  return isObject(value) ? value : {};
}

/** Like {@link Resource.get}, from a block. */
export function pick(fields: Fields, path: string): Value | undefined {
  let at: Value | undefined = fields;
  for (const part of path.split('.')) {
    if (Array.isArray(at)) at = (at as readonly Value[])[0];
    if (isSymbol(at)) return at;
    if (!isObject(at)) return undefined;
    at = at[part];
  }
  return at ?? undefined;
}

/** Like {@link Resource.blocks}, from a block. */
export function blocksOf(fields: Fields, path: string): Fields[] {
  return path
    .split('.')
    .reduce<Fields[]>(
      (parents, part) => parents.flatMap((parent) => asList(parent[part]).filter(isObject)),
      [fields],
    );
}
