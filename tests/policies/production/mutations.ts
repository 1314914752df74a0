import assert from 'node:assert/strict';
import type { Stack } from './stacks.ts';

type Block = Record<string, unknown>;

/** One thing that somebody gets wrong in the production stacks. */
export interface Mutation {
  /** The rule that must name it. */
  readonly rule: string;
  readonly what: string;
  readonly apply: (stacks: readonly Stack[]) => void;
  /** The environment to break, where production has no such thing. */
  readonly environment?: 'staging' | 'sandbox';
}

/** The same mutations on another environment. */
export function within(
  environment: 'staging' | 'sandbox',
  mutations: readonly Mutation[],
): Mutation[] {
  return mutations.map((mutation) => ({ ...mutation, environment }));
}

interface Found {
  readonly stack: Stack;
  readonly name: string;
  readonly block: Block;
}

/** The first resource of the type whose name matches; a mutation that hits nothing is a broken test. */
export function first(stacks: readonly Stack[], type: string, name = /./): Found {
  for (const stack of stacks)
    for (const [key, block] of Object.entries(stack.content.resource[type] ?? {}))
      if (name.test(key)) return { stack, name: key, block };
  return assert.fail(`production has no ${type} like ${name}`);
}

/** The object at a dotted path, entered at the first of every list. */
function parentOf(block: Block, path: string): [Block, string] {
  const parts = path.split('.');
  const last = parts.pop() ?? '';
  const parent = parts.reduce<Block>((at, part) => {
    const next = at[part] ?? (at[part] = {});
    return (Array.isArray(next) ? next[0] : next) as Block;
  }, block);
  return [parent, last];
}

/** Sets an attribute; `undefined` removes it. */
export function set(
  rule: string,
  type: string,
  path: string,
  value: unknown,
  name?: RegExp,
): Mutation {
  return {
    rule,
    what: `${type} ${name?.source ?? ''} with ${path} ${JSON.stringify(value) ?? 'removed'}`,
    apply: (stacks) => {
      const [parent, key] = parentOf(first(stacks, type, name).block, path);
      if (value === undefined) delete parent[key];
      else parent[key] = value;
    },
  };
}

/** Removes the resources of a type. */
export function remove(rule: string, type: string, name = /./): Mutation {
  return {
    rule,
    what: `without ${type} ${name.source}`,
    apply: (stacks) => {
      first(stacks, type, name);
      for (const stack of stacks)
        for (const key of Object.keys(stack.content.resource[type] ?? {}))
          if (name.test(key)) delete stack.content.resource[type]?.[key];
    },
  };
}

/** Adds a resource to the stack that has the resource given as neighbour. */
export function add(
  rule: string,
  neighbour: string,
  type: string,
  block: (stack: Stack) => Block,
): Mutation {
  return {
    rule,
    what: `with another ${type}`,
    apply: (stacks) => {
      const { stack } = first(stacks, neighbour);
      stack.content.resource[type] = { ...stack.content.resource[type], seeded: block(stack) };
    },
  };
}

/** Sets or removes a parameter of the database. */
export function parameter(rule: string, name: string, value?: string): Mutation {
  return {
    rule,
    what: `parameter ${name} ${value ?? 'removed'}`,
    apply: (stacks) => {
      const { block } = first(stacks, 'aws_db_parameter_group');
      const others = (block['parameter'] as Block[]).filter((one) => one['name'] !== name);
      block['parameter'] = value === undefined ? others : [...others, { name, value }];
    },
  };
}

/** Rewrites a policy document that is written as JSON. */
export function rewrite(
  rule: string,
  type: string,
  attribute: string,
  edit: (statements: Block[]) => Block[],
  name?: RegExp,
): Mutation {
  return {
    rule,
    what: `${type} ${name?.source ?? ''} with another ${attribute}`,
    apply: (stacks) => {
      const { block } = first(stacks, type, name);
      const policy = JSON.parse(String(block[attribute])) as { Statement: Block[] };
      block[attribute] = JSON.stringify({ ...policy, Statement: edit(policy.Statement) });
    },
  };
}

/** Adds one statement to a policy. */
export function grant(
  rule: string,
  type: string,
  statement: Block,
  name?: RegExp,
  attribute = 'policy',
): Mutation {
  return rewrite(
    rule,
    type,
    attribute,
    (statements) => [...statements, { Effect: 'Allow', Resource: '*', ...statement }],
    name,
  );
}
