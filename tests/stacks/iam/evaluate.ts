import assert from 'node:assert/strict';
import {
  coversAction,
  coversResource,
  matchesPattern,
  statementsOf,
  type ConditionEntry,
  type Statement,
} from '../../../policies/analysis/statements.ts';

/** One call, as AWS would judge it. */
export interface Call {
  readonly principal: { readonly arn: string; readonly account: string };
  readonly action: string;
  readonly resource: string;
  /** Condition keys of the request; absent ones are absent. */
  readonly context: Readonly<Record<string, string>>;
}

/** The policies that speak of a call: JSON as Terraform gets it. */
export interface Policies {
  readonly identity: readonly string[];
  readonly boundary: string;
  /** Of the bucket or the key. */
  readonly resource: string;
  /** A key's policy must allow too; a bucket's of the same account need only not deny. */
  readonly resourceMustAllow: boolean;
}

/**
 * How AWS decides a call within one account: a denial anywhere wins; else the identity's policies, the
 * boundary and, for keys, the key's policy must each allow it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function isAllowed(call: Call, policies: Policies): boolean {
  const speaking = (text: string) => parsed(text).filter((statement) => speaksOf(statement, call));
  const identity = policies.identity.flatMap(speaking);
  const boundary = speaking(policies.boundary);
  const resource = speaking(policies.resource);
  if ([...identity, ...boundary, ...resource].some(({ allows }) => !allows)) return false;
  const each = [identity, boundary, ...(policies.resourceMustAllow ? [resource] : [])];
  return each.every((statements) => statements.some(({ allows }) => allows));
}

function parsed(text: string): readonly Statement[] {
  const statements = statementsOf(text);
  assert.ok(statements, `not a policy: ${text}`);
  return statements;
}

function speaksOf(statement: Statement, call: Call): boolean {
  return (
    coversAction(statement, call.action) &&
    // In a key's policy `*` is the key.
    coversResource(statement, [call.resource]) &&
    (statement.principals.length === 0 ||
      statement.principals.some((principal) => isPrincipal(principal, call))) &&
    statement.conditions.every((condition) => holds(condition, call))
  );
}

function isPrincipal({ type, id }: Statement['principals'][number], { principal }: Call): boolean {
  if (id === '*') return true;
  return type === 'AWS' && (id === principal.arn || id.endsWith(`:${principal.account}:root`));
}

function contextOf({ principal, context }: Call): Readonly<Record<string, string>> {
  return {
    'aws:PrincipalArn': principal.arn,
    'aws:PrincipalAccount': principal.account,
    'aws:PrincipalIsAWSService': 'false',
    'aws:SecureTransport': 'true',
    'kms:CallerAccount': principal.account,
    's3:TlsVersion': '1.3',
    ...context,
  };
}

/** Throws for an operator that it does not know, lest a condition passes unjudged. */
function holds({ operator, key, values }: ConditionEntry, call: Call): boolean {
  const value = contextOf(call)[key];
  if (operator === 'Null') return (value === undefined) === (values[0] === 'true');
  const [, name = '', ifExists] = /^(\w+?)(IfExists)?$/.exec(operator) ?? [];
  const isNegated = name.includes('Not');
  if (value === undefined) return isNegated || ifExists !== undefined;
  const compare = comparisons[name];
  assert.ok(compare, `unknown operator ${operator}`);
  return values.some((wanted) => compare(value, wanted)) !== isNegated;
}

const equals = (value: string, wanted: string): boolean => value === wanted;
const comparisons: Readonly<Record<string, (value: string, wanted: string) => boolean>> = {
  StringEquals: equals,
  StringNotEquals: equals,
  ArnEquals: (value, wanted) => matchesPattern(wanted, value),
  ArnNotEquals: (value, wanted) => matchesPattern(wanted, value),
  ArnLike: (value, wanted) => matchesPattern(wanted, value),
  Bool: equals,
  NumericLessThan: (value, wanted) => Number(value) < Number(wanted),
};
