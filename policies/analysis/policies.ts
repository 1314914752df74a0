import { resource, type Check, type Verdict } from '../engine/rule.ts';
import { type Value } from '../engine/value.ts';
import { fail, notApplicable, pass, unknown } from '../engine/verdict.ts';
import { identityPolicyTypes, isBoundaryOnly, policiesIn } from './identities.ts';
import {
  isForAnybody,
  isNarrowed,
  isUndecided,
  isUnreadable,
  type Statement,
  statementsOf,
} from './statements.ts';

/** A statement in one line, for messages. */
function summary({ allows, actions, notActions, resources, notResources }: Statement): string {
  const action =
    notActions.length > 0 ? `everything but ${notActions.join(', ')}` : actions.join(', ');
  const target =
    notResources.length > 0 ? `everything but ${notResources.join(', ')}` : resources.join(', ');
  return `${allows ? 'allows' : 'denies'} ${action}${target === '' ? '' : ` on ${target}`}`;
}

/** A check over every policy of roles, users and groups: no allowing statement is of this kind. */
export function forbids(expected: string, isForbidden: (statement: Statement) => boolean): Check {
  return resource(identityPolicyTypes, (holder, graph) => {
    const policies = policiesIn(holder);
    if (policies.length === 0 || isBoundaryOnly(graph, holder)) return notApplicable;
    const found = policies
      .flatMap(({ statements }) => statements)
      .find((one) => one.allows && isForbidden(one));
    if (found) return fail(summary(found), expected);
    return policies.some(
      ({ statements, unreadable }) =>
        unreadable || statements.some((one) => one.allows && isUndecided(one)),
    )
      ? unknown('a policy that is only known after apply', expected)
      : pass;
  });
}

/** A verdict over one policy document: the first statement that is forbidden fails it. */
export function eachStatement(
  document: Value | undefined,
  expected: string,
  isForbidden: (statement: Statement) => boolean,
): Verdict {
  if (isUnreadable(document)) return unknown('a policy that is only known after apply', expected);
  const statements = statementsOf(document);
  if (!statements) return notApplicable;
  const found = statements.find(isForbidden);
  if (found) return fail(summary(found), expected);
  return statements.some((one) => one.allows && isUndecided(one))
    ? unknown('a statement that is only known after apply', expected)
    : pass;
}

/** Whether a statement opens a resource to anybody, without a condition that names whom. */
export function publicStatements(statement: Statement): boolean {
  return statement.allows && isForAnybody(statement) && !isNarrowed(statement);
}

/** Whether a statement allows one of these actions on everything, without a condition. */
export function grantsOnAnything(statement: Statement): boolean {
  return (
    (statement.resources.includes('*') || statement.notResources.length > 0) &&
    statement.conditions.length === 0
  );
}
