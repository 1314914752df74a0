import type { Attributes, Located, StackJson } from '../support.ts';
import { resourcesOf } from '../support.ts';

/** `aws_subnet.app_subnet-a`, unique over all stacks of an environment's types that paths read. */
export type Address = string;

/** All stacks of an environment, their references to each other followed. */
export interface World {
  readonly all: readonly Located[];
  /** The address that a value refers to, such as `${aws_vpc.main_vpc.id}`; undefined for a literal. */
  readonly follow: (value: unknown) => Address | undefined;
  readonly ofType: (type: string) => readonly (Attributes & { readonly address: Address })[];
}

const local = /^\$\{(aws_\w+\.[\w-]+)\.\w+\}$/;
const remote =
  /^\$\{data\.terraform_remote_state\.cross-stack-reference-input-(\w+)\.outputs\.([\w-]+)\}$/;
/** The firewall's endpoint in a zone: the comparison in the expression names the subnet. */
const firewallEndpoint = /firewall_status.*== aws_subnet\.([\w-]+)\.id/;

export function world(stacks: Readonly<Record<string, StackJson>>): World {
  const all = resourcesOf(stacks);
  const follow = (value: unknown): Address | undefined => {
    if (typeof value !== 'string') return undefined;
    const inspected = firewallEndpoint.exec(value);
    if (inspected) return `firewall-endpoint.${inspected[1]}`;
    const there = remote.exec(value);
    if (!there) return local.exec(value)?.[1];
    const output = stacks[there[1] ?? '']?.output?.[there[2] ?? ''];
    if (!output) throw new Error(`${value} leads nowhere`);
    return follow(output.value);
  };
  const byType = Map.groupBy(
    all.map(({ type, id, attributes }) => ({
      type,
      entry: { ...attributes, address: `${type}.${id}` },
    })),
    ({ type }) => type,
  );
  const entries = new Map(
    [...byType].map(([type, list]) => [type, list.map(({ entry }) => entry)]),
  );
  return { all, follow, ofType: (type) => entries.get(type) ?? [] };
}

/** A list attribute, each entry followed. */
export function followAll({ follow }: World, values: unknown): readonly Address[] {
  return ((values ?? []) as unknown[]).flatMap((value) => follow(value) ?? []);
}
