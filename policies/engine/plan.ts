import type { ConfiguredModule, StateModule, StateResource, TerraformPlan } from './plan-format.ts';
import { Resource } from './resource.ts';
import {
  asList,
  type Fields,
  isObject,
  opaque,
  reference,
  referencesIn,
  stripSymbols,
  textOf,
  type Value,
} from './value.ts';

/** The plan's resources; what is known only after apply becomes a symbol of the resource it comes from. */
export function resourcesOfPlan(plan: TerraformPlan, name: string, file: string): Resource[] {
  return new PlanReader(plan, name, file).resources();
}

class PlanReader {
  private readonly plan: TerraformPlan;
  private readonly stack: string;
  private readonly file: string;
  private readonly unknown: ReadonlyMap<string, Value>;
  private readonly existing: ReadonlyMap<string, readonly StateResource[]>;

  constructor(plan: TerraformPlan, stack: string, file: string) {
    this.plan = plan;
    this.stack = stack;
    this.file = file;
    this.unknown = new Map(
      plan.resource_changes?.map(({ address, change }) => [address, change.after_unknown ?? {}]),
    );
    this.existing = Map.groupBy(this.stated(), ({ address }) => withoutKeys(address));
  }

  resources(): Resource[] {
    return this.stated().map((one) => this.resource(one));
  }

  private stated(): StateResource[] {
    const planned = all((this.plan.planned_values ?? this.plan.values)?.root_module);
    const addresses = new Set(planned.map(({ address }) => address));
    const read = all(this.plan.prior_state?.values?.root_module).filter(
      ({ address, mode }) => mode === 'data' && !addresses.has(address),
    );
    return [...planned, ...read];
  }

  private resource(stated: StateResource): Resource {
    const path = modulePath(stated.address);
    const configured = this.module(path)?.resources?.find(
      ({ address }) =>
        address ===
        withoutKeys(stated.address).slice(
          path.length === 0 ? 0 : `module.${path.join('.module.')}.`.length,
        ),
    );
    const merge = new Merge((expression) => this.symbol(expression, path, stated.address, 0));
    const values = merge.merge(
      clean(stated.values ?? {}),
      this.unknown.get(stated.address),
      configured?.expressions,
    );
    return new Resource({
      address: this.qualified(stated.address),
      stack: this.stack,
      mode: stated.mode,
      type: stated.type,
      name: stated.name,
      provider: this.provider(configured?.provider_config_key),
      origin: { file: this.file },
      values: isObject(values) ? values : {},
    });
  }

  private qualified(address: string): string {
    return this.stack === '' ? address : `${this.stack}/${address}`;
  }

  private provider(key: string | undefined): Fields {
    const own = key === undefined ? undefined : this.plan.configuration?.provider_config?.[key];
    return constants(own?.expressions ?? {});
  }

  private module(path: readonly string[]): ConfiguredModule | undefined {
    return path.reduce<ConfiguredModule | undefined>(
      (module, name) => module?.module_calls?.[name]?.module,
      this.plan.configuration?.root_module,
    );
  }

  /** What an expression of the configuration refers to, through modules' variables and outputs. */
  private symbol(
    expression: Value | undefined,
    path: readonly string[],
    user: string,
    depth: number,
  ): string {
    const names = isObject(expression) ? asList(expression['references']).map(textOf) : [];
    const symbols = longest(names).flatMap((name) => this.follow(name, path, user, depth));
    return symbols.length > 0 ? symbols.join('') : opaque(names.join(', ') || 'known after apply');
  }

  private follow(name: string, path: readonly string[], user: string, depth: number): string[] {
    const parts = name.split('.');
    if (depth > 20 || ['each', 'count', 'local', 'path', 'terraform'].includes(parts[0] ?? ''))
      return [];
    if (parts[0] === 'var') return this.throughVariable(parts[1] ?? '', path, user, depth);
    if (parts[0] === 'module') return this.throughOutput(parts, path, user, depth);
    const take = parts[0] === 'data' ? 3 : 2;
    const prefix = path.map((module) => `module.${module}.`).join('');
    const target = `${prefix}${withoutKeys(parts.slice(0, take).join('.'))}`;
    const attribute = parts.slice(take).join('.');
    return this.matching(target, user).map((address) =>
      reference(this.qualified(address), attribute),
    );
  }

  private throughVariable(
    name: string,
    path: readonly string[],
    user: string,
    depth: number,
  ): string[] {
    const call =
      path.length === 0
        ? undefined
        : this.module(path.slice(0, -1))?.module_calls?.[path.at(-1) ?? ''];
    const expression = call?.expressions?.[name];
    return expression === undefined
      ? []
      : known(this.symbol(expression, path.slice(0, -1), user, depth + 1));
  }

  private throughOutput(
    parts: readonly string[],
    path: readonly string[],
    user: string,
    depth: number,
  ): string[] {
    const inner = [...path, withoutKeys(parts[1] ?? '')];
    const outputs = this.module(inner)?.outputs ?? {};
    // A module that is looped over is referred to as a whole.
    const wanted = parts[2] === undefined ? Object.values(outputs) : [outputs[parts[2]]];
    return wanted.flatMap((output) =>
      output ? known(this.symbol(output.expression, inner, user, depth + 1)) : [],
    );
  }

  /** With count or for_each: the instance of the user's own or its module's key, else all of them. */
  private matching(target: string, user: string): string[] {
    const candidates = (this.existing.get(target) ?? []).map(({ address }) => address);
    const same = keysIn(user)
      .map((key) => candidates.filter((address) => keysIn(address)[0] === key))
      .find((found) => found.length > 0);
    return same ?? candidates;
  }
}

/** Overlays what is unknown on what is planned, along the configuration's expressions. */
class Merge {
  private readonly symbol: (expression: Value | undefined) => string;

  constructor(symbol: (expression: Value | undefined) => string) {
    this.symbol = symbol;
  }

  merge(
    planned: Value | undefined,
    unknown: Value | undefined,
    expression: Value | undefined,
  ): Value {
    if (unknown === true) return this.symbol(expression);
    if (
      Array.isArray(unknown) &&
      (Array.isArray(planned) || planned === undefined || planned === null)
    ) {
      const items = asList(planned);
      return Array.from({ length: Math.max(items.length, unknown.length) }, (_, at) =>
        this.merge(
          items[at],
          (unknown as readonly Value[])[at],
          Array.isArray(expression) ? (expression as readonly Value[])[at] : expression,
        ),
      );
    }
    if (isObject(unknown) && (isObject(planned) || planned === undefined || planned === null))
      return this.mergeFields(planned ?? {}, unknown, expression);
    return planned ?? null;
  }

  private mergeFields(planned: Fields, unknown: Fields, expression: Value | undefined): Value {
    const inner =
      isObject(expression) && expression['references'] === undefined ? expression : undefined;
    const keys = new Set([...Object.keys(planned), ...Object.keys(unknown)]);
    return Object.fromEntries(
      [...keys].map((key) => [
        key,
        this.merge(planned[key], unknown[key], inner ? inner[key] : expression),
      ]),
    );
  }
}

function all(module: StateModule | undefined): StateResource[] {
  return [...(module?.resources ?? []), ...(module?.child_modules ?? []).flatMap(all)];
}

function known(symbol: string): string[] {
  return referencesIn(symbol).length > 0 ? [symbol] : [];
}

/** `["aws_x.y.id", "aws_x.y"]` names one thing twice: the longer says more. */
function longest(names: readonly string[]): string[] {
  return names.filter(
    (name) =>
      !names.some(
        (other) => other !== name && (other.startsWith(`${name}.`) || other.startsWith(`${name}[`)),
      ),
  );
}

const instanceKey = /\[(?:"(?:[^"\\]|\\.)*"|[^\]"]*)\]/g;

/** `module.a["x"].aws_s3_bucket.b[0]` → `module.a.aws_s3_bucket.b`. */
function withoutKeys(address: string): string {
  return address.replaceAll(instanceKey, '');
}

/** The keys in an address, the innermost first. */
function keysIn(address: string): string[] {
  return [...address.matchAll(instanceKey)].map(([key]) => key).reverse();
}

function modulePath(address: string): string[] {
  const parts = withoutKeys(address).split('.');
  const path: string[] = [];
  for (let at = 0; parts[at] === 'module'; at += 2) path.push(parts[at + 1] ?? '');
  return path;
}

function constants(expressions: Fields): Fields {
  return Object.fromEntries(
    Object.entries(expressions).flatMap(([key, expression]) => {
      if (Array.isArray(expression))
        return [[key, (expression as readonly Value[]).filter(isObject).map(constants)]];
      if (isObject(expression) && 'constant_value' in expression)
        return [[key, expression['constant_value'] ?? null]];
      return [];
    }),
  );
}

function clean(input: Value): Value {
  if (typeof input === 'string') return stripSymbols(input);
  if (Array.isArray(input)) return (input as readonly Value[]).map(clean);
  if (!isObject(input)) return input;
  return Object.fromEntries(Object.entries(input).map(([key, item]) => [key, clean(item)]));
}
