import {
  asList,
  isObject,
  isOpaque,
  isSymbol,
  textOf,
  type Fields,
  type Value,
} from '../engine/value.ts';

export interface ConditionEntry {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

/** One statement of an IAM policy, with every list spelled out. */
export interface Statement {
  readonly sid: string;
  readonly allows: boolean;
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
  readonly resources: readonly string[];
  readonly notResources: readonly string[];
  readonly principals: readonly Principal[];
  readonly conditions: readonly ConditionEntry[];
}

export interface Principal {
  /** `AWS`, `Service`, `Federated`, or `*` for anybody. */
  readonly type: string;
  readonly id: string;
}

/** The statements of a policy in JSON; undefined when it is absent, not known or not a policy. */
export function statementsOf(policy: Value | undefined): readonly Statement[] | undefined {
  if (typeof policy !== 'string') return undefined;
  try {
    const parsed = JSON.parse(policy) as Value;
    return isObject(parsed)
      ? asList(parsed['Statement']).filter(isObject).map(statement)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a policy is written but cannot be read until apply. */
export function isUnreadable(policy: Value | undefined): boolean {
  return (
    policy !== undefined &&
    statementsOf(policy) === undefined &&
    (isOpaque(policy) || typeof policy === 'string')
  );
}

function statement(raw: Fields): Statement {
  const texts = (key: string): string[] => asList(raw[key]).map(textOf);
  return {
    sid: textOf(raw['Sid']),
    allows: raw['Effect'] === 'Allow',
    actions: texts('Action'),
    notActions: texts('NotAction'),
    resources: texts('Resource'),
    notResources: texts('NotResource'),
    principals: principalsOf(raw['Principal']),
    conditions: conditionsOf(raw['Condition']),
  };
}

function principalsOf(raw: Value | undefined): Principal[] {
  if (raw === undefined) return [];
  if (!isObject(raw)) return asList(raw).map((id) => ({ type: textOf(id), id: textOf(id) }));
  return Object.entries(raw).flatMap(([type, ids]) =>
    asList(ids).map((id) => ({ type, id: textOf(id) })),
  );
}

function conditionsOf(raw: Value | undefined): ConditionEntry[] {
  if (!isObject(raw)) return [];
  return Object.entries(raw).flatMap(([operator, keys]) =>
    isObject(keys)
      ? Object.entries(keys).map(([key, values]) => ({
          operator,
          key,
          values: asList(values).map(textOf),
        }))
      : [],
  );
}

const patterns = new Map<string, RegExp>();

/** Whether an IAM pattern (`*` any text, `?` one character) matches; letter case never counts. */
export function matchesPattern(pattern: string, text: string): boolean {
  if (pattern === '*') return true;
  let compiled = patterns.get(pattern);
  if (!compiled) {
    const source = pattern
      .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
      .replaceAll('*', '[^]*')
      .replaceAll('?', '[^]');
    compiled = new RegExp(`^${source}$`, 'i');
    patterns.set(pattern, compiled);
  }
  return compiled.test(text);
}

/** Whether the statement speaks of the action. */
export function coversAction(statement: Statement, action: string): boolean {
  if (statement.notActions.length > 0)
    return !statement.notActions.some((pattern) => matchesPattern(pattern, action));
  return statement.actions.some((pattern) => matchesPattern(pattern, action));
}

/** Whether the statement speaks of at least one of the resources. */
export function coversResource(statement: Statement, names: readonly string[]): boolean {
  if (statement.notResources.length > 0)
    return names.some(
      (name) => !statement.notResources.some((pattern) => matchesPattern(pattern, name)),
    );
  return names.some((name) => statement.resources.some((pattern) => matchesPattern(pattern, name)));
}

/** Whether an action, resource or principal as a whole is only known after apply. */
export function isUndecided(statement: Statement): boolean {
  const { actions, notActions, resources, notResources, principals } = statement;
  const texts = [
    ...actions,
    ...notActions,
    ...resources,
    ...notResources,
    ...principals.map(({ id }) => id),
  ];
  return texts.some((text) => isSymbol(text) && isOpaque(text));
}

/** Whether anybody at all is a principal of the statement. */
export function isForAnybody(statement: Statement): boolean {
  return statement.principals.some(
    ({ type, id }) => id === '*' && (type === '*' || type === 'AWS'),
  );
}

const narrowingKeys =
  /^aws:(principalorgid|principalorgpaths|principalaccount|principalarn|sourceaccount|sourcearn|sourceowner|sourcevpc|sourcevpce|sourceorgid|principalserviceName|userid)$|^kms:(calleraccount|viaservice)$|^aws:principaltag\//i;

/** Whether a condition narrows `*` down to principals or sources that are named. */
export function isNarrowed(statement: Statement): boolean {
  return statement.conditions.some(
    ({ operator, key, values }) =>
      narrowingKeys.test(key) &&
      !/not|ifexists$/i.test(operator) &&
      values.length > 0 &&
      !values.includes('*'),
  );
}
