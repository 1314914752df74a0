import { asList, type Fields, isObject, opaque, textOf, type Value } from './value.ts';

interface Statement {
  readonly [key: string]: Value;
}

/**
 * The JSON that the data source `aws_iam_policy_document` renders from its blocks: sources first, then
 * its own statements, then overrides; a later statement replaces an earlier one of the same Sid.
 */
export function renderPolicyDocument(argument: (name: string) => Value): Value {
  const before = asList(argument('source_policy_documents')).map(statementsIn);
  const after = asList(argument('override_policy_documents')).map(statementsIn);
  if ([...before, ...after].includes(undefined))
    return opaque('a policy document that is not known');
  const own = asList(argument('statement')).filter(isObject).map(renderStatement);
  const all = [...before.flat(), ...own, ...after.flat()].filter((one) => one !== undefined);
  const bySid = new Map(all.map((statement, at) => [statement['Sid'] ?? at, statement]));
  return JSON.stringify({
    Version: argument('version') ?? '2012-10-17',
    Statement: [...bySid.values()],
  });
}

function statementsIn(document: Value): readonly Statement[] | undefined {
  if (typeof document !== 'string') return undefined;
  try {
    const parsed = JSON.parse(document) as Value;
    return isObject(parsed) ? asList(parsed['Statement']).filter(isObject) : undefined;
  } catch {
    return undefined;
  }
}

function renderStatement(block: Fields): Statement {
  const parts = {
    Sid: block['sid'] ?? undefined,
    Effect: block['effect'] ?? 'Allow',
    Action: block['actions'] ?? undefined,
    NotAction: block['not_actions'] ?? undefined,
    Resource: block['resources'] ?? undefined,
    NotResource: block['not_resources'] ?? undefined,
    Principal: principals(block['principals']),
    NotPrincipal: principals(block['not_principals']),
    Condition: conditions(block['condition']),
  };
  return Object.fromEntries(
    Object.entries(parts).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

function principals(blocks: Value | undefined): Value | undefined {
  const list = asList(blocks).filter(isObject);
  if (list.length === 0) return undefined;
  const byType = Map.groupBy(list, (block) => textOf(block['type']));
  return Object.fromEntries(
    [...byType].map(([type, members]) => [
      type,
      members.flatMap((member) => asList(member['identifiers'])),
    ]),
  );
}

function conditions(blocks: Value | undefined): Value | undefined {
  const list = asList(blocks).filter(isObject);
  if (list.length === 0) return undefined;
  const byTest = Map.groupBy(list, (block) => textOf(block['test']));
  return Object.fromEntries(
    [...byTest].map(([test, members]) => [
      test,
      Object.fromEntries(
        members.map((member) => [textOf(member['variable']), member['values'] ?? []]),
      ),
    ]),
  );
}
