import type { Resource } from './resource.ts';
import { pick } from './resource.ts';
import { asList, type Fields, isObject, isOpaque, referencesIn, type Value } from './value.ts';

/** Attributes by whose plain value one resource may name another. */
const identities = [
  'id',
  'arn',
  'name',
  'bucket',
  'identifier',
  'cluster_identifier',
  'function_name',
  'key_id',
] as const;

/** All resources of all stacks, and who refers to whom. */
export class Graph {
  readonly resources: readonly Resource[];
  private readonly byAddress: ReadonlyMap<string, Resource>;
  private readonly byType: ReadonlyMap<string, readonly Resource[]>;
  private readonly byIdentity = new Map<string, ReadonlyMap<string, readonly Resource[]>>();
  private mentions: ReadonlyMap<string, readonly Resource[]> | undefined;
  private readonly incoming = new Map<string, ReadonlyMap<Resource, readonly Resource[]>>();

  constructor(resources: readonly Resource[]) {
    this.resources = resources;
    this.byAddress = new Map(resources.map((resource) => [resource.address, resource]));
    this.byType = Map.groupBy(resources, (resource) =>
      resource.mode === 'data' ? `data.${resource.type}` : resource.type,
    );
  }

  at(address: string): Resource | undefined {
    return this.byAddress.get(address);
  }

  /** Managed resources of these types; data sources are asked for as `data.<type>`. */
  of(...types: readonly string[]): readonly Resource[] {
    const [only, ...more] = types;
    if (only !== undefined && more.length === 0) return this.byType.get(only) ?? [];
    return types.flatMap((type) => this.byType.get(type) ?? []);
  }

  /** The resources of these types that a value mentions, by reference or by their plain name or ARN. */
  referents(value: Value | undefined, ...types: readonly string[]): Resource[] {
    const referred = referencesIn(value).flatMap(
      ({ address }) => this.byAddress.get(address) ?? [],
    );
    const named = strings(value).flatMap((text) =>
      types.flatMap((type) => this.identified(type).get(text) ?? []),
    );
    return [...new Set([...referred.filter((one) => types.includes(one.type)), ...named])];
  }

  /** The resources of `type` whose attribute at `path` refers to the target. */
  referrers(target: Resource, type: string, path: string): readonly Resource[] {
    const id = `${type}|${path}|${target.type}`;
    const known = this.incoming.get(id);
    if (known) return known.get(target) ?? [];
    const pairs = this.of(type).flatMap((from) =>
      this.referents(valuesAt(from.values, path), target.type).map((to) => ({ from, to })),
    );
    const grouped = Map.groupBy(pairs, ({ to }) => to);
    const index = new Map(
      [...grouped].map(([to, members]) => [to, members.map(({ from }) => from)]),
    );
    this.incoming.set(id, index);
    return index.get(target) ?? [];
  }

  /** Every resource that mentions the target anywhere, by reference. */
  users(target: Resource): readonly Resource[] {
    this.mentions ??= this.everyMention();
    return this.mentions.get(target.address) ?? [];
  }

  private everyMention(): ReadonlyMap<string, readonly Resource[]> {
    const pairs = this.resources.flatMap((from) =>
      [...new Set(referencesIn(from.values).map(({ address }) => address))].map((to) => ({
        from,
        to,
      })),
    );
    const grouped = Map.groupBy(pairs, ({ to }) => to);
    return new Map([...grouped].map(([to, members]) => [to, members.map(({ from }) => from)]));
  }

  private identified(type: string): ReadonlyMap<string, readonly Resource[]> {
    const known = this.byIdentity.get(type);
    if (known) return known;
    const pairs = this.of(type).flatMap((resource) =>
      identities.flatMap((attribute) => {
        const text = resource.values[attribute];
        // Two values that are both unknown are not the same value.
        return typeof text === 'string' && text !== '' && !isOpaque(text)
          ? [{ text, resource }]
          : [];
      }),
    );
    const grouped = Map.groupBy(pairs, ({ text }) => text);
    const index = new Map(
      [...grouped].map(([text, members]) => [text, members.map(({ resource }) => resource)]),
    );
    this.byIdentity.set(type, index);
    return index;
  }
}

/** The values at a dotted path in every block on the way. */
export function valuesAt(fields: Fields, path: string): Value[] {
  const [head = '', ...rest] = path.split('.');
  if (rest.length === 0) return asList(pick(fields, head)) as Value[];
  return asList(fields[head]).flatMap((child) =>
    isObject(child)
      ? valuesAt(child, rest.join('.'))
      : referencesIn(child).length > 0
        ? [child]
        : [],
  );
}

function strings(value: Value | undefined): string[] {
  if (typeof value === 'string') return [value];
  if (value === undefined || value === null || typeof value !== 'object') return [];
  return Object.values(value).flatMap(strings);
}
