import { dynamicBlock, dynamicNames, expandDynamic } from './dynamic-blocks.ts';
import { type TerraformDocument } from './document.ts';
import { resolve, type Scope } from './evaluate.ts';
import { lazy, type Lazy, type Operand, settle } from './operand.ts';
import { knownData } from './known-data.ts';
import { originOf } from './origin.ts';
import { Resource } from './resource.ts';
import {
  asList,
  type Fields,
  isObject,
  isSymbol,
  opaque,
  reference,
  textOf,
  type Value,
} from './value.ts';

type Mode = Resource['mode'];

/** One configuration in Terraform's JSON syntax: a CDKTF stack or a file of its own. */
export interface StackSource {
  /** Empty for a file that stands alone; otherwise it prefixes every address. */
  readonly name: string;
  readonly file: string;
  readonly document: TerraformDocument;
}

/** A resource block before its attributes are resolved; one per element of count or for_each. */
interface Instance {
  readonly address: string;
  readonly key: string | number | undefined;
  readonly attribute: (name: string | number) => Operand;
  readonly scope: Scope;
  readonly raw: Fields;
}

/** Attributes that steer Terraform and say nothing of the resource. */
const metaArguments = new Set([
  '//',
  'count',
  'for_each',
  'depends_on',
  'provider',
  'dynamic',
  'connection',
  'provisioner',
]);

/** Resolves a configuration's resources on demand; other stacks are asked for their outputs. */
export class Configuration {
  readonly source: StackSource;
  private readonly others: () => readonly Configuration[];
  private readonly instances = new Map<string, readonly Instance[]>();
  private readonly locals: Fields;
  private readonly resolving = new Set<string>();
  private readonly resolved = new Map<string, Value>();

  constructor(source: StackSource, others: () => readonly Configuration[]) {
    this.source = source;
    this.others = others;
    this.locals = Object.assign(
      {},
      ...asList(source.document.locals as Value | undefined),
    ) as Fields;
  }

  /** Every resource and data source, resolved as far as can be. */
  resources(): Resource[] {
    return (['managed', 'data'] as const).flatMap((mode) =>
      Object.keys(this.blocks(mode)).flatMap((type) =>
        Object.keys(this.blocks(mode)[type] ?? {}).flatMap((name) =>
          this.instancesOf(mode, type, name).map((instance) =>
            this.resource(mode, type, name, instance),
          ),
        ),
      ),
    );
  }

  /** An output's value, for a stack that reads this one's remote state. */
  output(name: string): Operand {
    const found = this.source.document.output?.[name];
    return isObject(found) && found['value'] !== undefined
      ? this.once(`output.${name}`, () => resolve(found['value'] ?? null, this.scope))
      : opaque(`output ${name} of ${this.source.name}`);
  }

  private blocks(mode: Mode): Readonly<Record<string, Readonly<Record<string, Fields>>>> {
    const section = mode === 'managed' ? this.source.document.resource : this.source.document.data;
    return section ?? {};
  }

  private resource(mode: Mode, type: string, name: string, instance: Instance): Resource {
    const names = [
      ...Object.keys(instance.raw).filter((key) => !metaArguments.has(key)),
      ...dynamicNames(instance.raw),
    ];
    return new Resource({
      address: instance.address,
      stack: this.source.name,
      mode,
      type,
      name,
      provider: this.provider(type, instance.raw),
      origin: originOf(instance.raw, this.source.file),
      values: Object.fromEntries(names.map((key) => [key, settle(instance.attribute(key))])),
    });
  }

  private provider(type: string, raw: Fields): Fields {
    const [prefix = ''] = type.split('_');
    const wanted = /^(?:\$\{)?([\w-]+)(?:\.([\w-]+))?\}?$/.exec(textOf(raw['provider'] ?? prefix));
    const providers = asList(
      this.source.document.provider?.[wanted?.[1] ?? prefix] as Value | undefined,
    ).filter(isObject);
    const found = providers.find((one) => (one['alias'] ?? undefined) === wanted?.[2]);
    return found ? (resolve(found, this.scope) as Fields) : {};
  }

  private instancesOf(mode: Mode, type: string, name: string): readonly Instance[] {
    const id = `${mode === 'data' ? 'data.' : ''}${type}.${name}`;
    const known = this.instances.get(id);
    if (known) return known;
    const raw = asList(this.blocks(mode)[type]?.[name])[0];
    const instances = isObject(raw) ? this.expand(id, raw, type, mode) : [];
    this.instances.set(id, instances);
    return instances;
  }

  private expand(id: string, raw: Fields, type: string, mode: Mode): readonly Instance[] {
    const address = `${this.source.name === '' ? '' : `${this.source.name}/`}${id}`;
    if (raw['count'] !== undefined) {
      const count = Number(this.once(`${id}.count`, () => resolve(raw['count'] ?? 0, this.scope)));
      if (!Number.isInteger(count))
        return [
          this.instance(`${address}[*]`, undefined, raw, type, mode, {
            count: { index: opaque('count.index') },
          }),
        ];
      return Array.from({ length: count }, (_, index) =>
        this.instance(`${address}[${index}]`, index, raw, type, mode, { count: { index } }),
      );
    }
    if (raw['for_each'] === undefined)
      return [this.instance(address, undefined, raw, type, mode, {})];
    const each = this.once(`${id}.for_each`, () => resolve(raw['for_each'] ?? null, this.scope));
    if (isSymbol(each) || each === null || typeof each !== 'object')
      return [
        this.instance(`${address}[*]`, undefined, raw, type, mode, {
          each: { key: opaque('each.key'), value: opaque('each.value') },
        }),
      ];
    const entries = Array.isArray(each)
      ? (each as readonly Value[]).map((value) => [textOf(value), value] as const)
      : Object.entries(each);
    return entries.map(([key, value]) =>
      this.instance(`${address}["${key}"]`, key, raw, type, mode, { each: { key, value } }),
    );
  }

  private instance(
    address: string,
    key: Instance['key'],
    raw: Fields,
    type: string,
    mode: Mode,
    loop: Readonly<Record<string, Operand>>,
  ): Instance {
    const scope: Scope = (name) => (name === 'self' ? undefined : (loop[name] ?? this.scope(name)));
    const attribute = (name: string | number): Operand =>
      this.once(`${address}.${name}`, () =>
        this.attributeOf({ address, raw, scope }, String(name), type, mode),
      );
    return { address, key, raw, scope, attribute };
  }

  private attributeOf(
    of: Pick<Instance, 'address' | 'raw' | 'scope'>,
    name: string,
    type: string,
    mode: Mode,
  ): Value {
    const written = of.raw[name];
    if (written !== undefined && written !== null && !metaArguments.has(name))
      return resolve(written, of.scope);
    const dynamic = dynamicBlock(of.raw, name);
    if (dynamic) return expandDynamic(dynamic, name, of.scope);
    if (mode === 'data') {
      const attribute = (key: string): Value => resolve(of.raw[key] ?? null, of.scope);
      const known = knownData(type, name, attribute, this.provider(type, of.raw));
      if (known !== undefined) return known;
    }
    return reference(of.address, name);
  }

  /** Resolves once; a value that needs itself is opaque. */
  private once(id: string, compute: () => Value): Value {
    const known = this.resolved.get(id);
    if (known !== undefined) return known;
    if (this.resolving.has(id)) return opaque(`${id} refers to itself`);
    this.resolving.add(id);
    const value = compute();
    this.resolving.delete(id);
    this.resolved.set(id, value);
    return value;
  }

  private readonly scope: Scope = (name) => {
    switch (name) {
      case 'var':
        return namespace('var', (key) => this.variable(textOf(key)));
      case 'local':
        return namespace('local', (key) => this.local(textOf(key)));
      case 'data':
        return namespace('data', (type) =>
          type === 'terraform_remote_state'
            ? this.remoteStates()
            : this.named('data', String(type)),
        );
      case 'terraform':
        return namespace('terraform', () => 'default');
      default:
        return this.blocks('managed')[name] ? this.named('managed', name) : undefined;
    }
  };

  private variable(name: string): Operand {
    const declared = asList((this.source.document.variable?.[name] ?? null) as Value)[0];
    if (!isObject(declared) || declared['default'] === undefined) return opaque(`var.${name}`);
    return resolve(declared['default'], () => undefined);
  }

  private local(name: string): Operand {
    const written = this.locals[name];
    return written === undefined
      ? opaque(`local.${name}`)
      : this.once(`local.${name}`, () => resolve(written, this.scope));
  }

  private named(mode: Mode, type: string): Lazy {
    return namespace(type, (name) => {
      const instances = this.instancesOf(mode, type, String(name));
      const raw = asList(this.blocks(mode)[type]?.[String(name)])[0];
      if (!isObject(raw)) return opaque(`${type}.${name}`);
      if (raw['count'] === undefined && raw['for_each'] === undefined)
        return instances[0] ? handle(instances[0]) : opaque(`${type}.${name}`);
      const [only] = instances;
      if (only?.key === undefined && instances.length === 1 && only)
        return namespace(`${type}.${name}`, () => handle(only));
      if (raw['count'] !== undefined) return instances.map(handle);
      return Object.fromEntries(
        instances.map((instance) => [String(instance.key), handle(instance)]),
      );
    });
  }

  /** `data.terraform_remote_state.<input>.outputs.<name>`: the other stack's own expression. */
  private remoteStates(): Lazy {
    return namespace('terraform_remote_state', (input) => {
      const raw = asList(this.blocks('data')['terraform_remote_state']?.[String(input)])[0];
      const other = this.others().find(
        (candidate) => isObject(raw) && candidate.answersTo(String(input), raw),
      );
      const outputs = namespace('outputs', (output) =>
        other ? other.output(String(output)) : opaque(`remote state ${input}.${output}`),
      );
      return namespace('state', (key) =>
        key === 'outputs' ? outputs : opaque(`remote state ${input}.${key}`),
      );
    });
  }

  /** Whether a remote state of this name and backend is this stack's. */
  private answersTo(input: string, raw: Fields): boolean {
    if (this.source.name !== '' && input === `cross-stack-reference-input-${this.source.name}`)
      return true;
    const wanted = raw['config'];
    const terraform = asList(this.source.document.terraform as Value | undefined)[0];
    const backend = isObject(terraform) ? terraform['backend'] : undefined;
    const own = isObject(backend) ? asList(backend[textOf(raw['backend'])])[0] : undefined;
    if (!isObject(wanted) || !isObject(own)) return false;
    return (
      ['bucket', 'key', 'path'].every((key) => wanted[key] === own[key]) &&
      (wanted['key'] ?? wanted['path']) !== undefined
    );
  }
}

function namespace(name: string, get: (key: string | number) => Operand): Lazy {
  return lazy(get, () => opaque(name));
}

function handle(instance: Instance): Lazy {
  return lazy(instance.attribute, () => reference(instance.address, ''));
}
