import type { Graph } from '../engine/graph.ts';
import type { Resource } from '../engine/resource.ts';
import { asList, referencesIn, textOf, type Value } from '../engine/value.ts';
import {
  coversAction,
  coversResource,
  isUnreadable,
  type Statement,
  statementsOf,
} from './statements.ts';

/** One policy that grants rights to a role, user or group. */
export interface IdentityPolicy {
  /** The resource that holds the document. */
  readonly declared: Resource;
  readonly statements: readonly Statement[];
  /** The document is only known after apply. */
  readonly unreadable: boolean;
}

/** A role, user or group with all that is granted to it. */
export interface Identity {
  readonly resource: Resource;
  readonly policies: readonly IdentityPolicy[];
  /** ARNs of policies that AWS or somebody else manages. */
  readonly managedArns: readonly string[];
  readonly boundary: readonly Statement[] | undefined;
}

const kinds = { aws_iam_role: 'role', aws_iam_user: 'user', aws_iam_group: 'group' } as const;
type Kind = keyof typeof kinds;
const cached = new WeakMap<Graph, readonly Identity[]>();

/** Resources that hold an identity policy's document, and where. */
const documents: Readonly<Record<string, string>> = {
  aws_iam_policy: 'policy',
  aws_iam_role_policy: 'policy',
  aws_iam_user_policy: 'policy',
  aws_iam_group_policy: 'policy',
  aws_ssoadmin_permission_set_inline_policy: 'inline_policy',
};
export const identityPolicyTypes = [...Object.keys(documents), 'aws_iam_role'] as const;

const parsed = new WeakMap<Resource, readonly IdentityPolicy[]>();

/** The policies a resource itself holds: its document, or a role's inline blocks; parsed once. */
export function policiesIn(resource: Resource): readonly IdentityPolicy[] {
  const known = parsed.get(resource) ?? parsePolicies(resource);
  parsed.set(resource, known);
  return known;
}

function parsePolicies(resource: Resource): IdentityPolicy[] {
  const attribute = documents[resource.type];
  const written =
    attribute === undefined
      ? resource.blocks('inline_policy').map((block) => block['policy'])
      : [resource.get(attribute)];
  return written
    .filter((policy) => policy !== undefined && policy !== null)
    .map((policy) => ({
      declared: resource,
      statements: statementsOf(policy) ?? [],
      unreadable: isUnreadable(policy),
    }));
}

/** Every role, user and group of the graph with its rights. */
export function identities(graph: Graph): readonly Identity[] {
  const known = cached.get(graph);
  if (known) return known;
  const found = graph
    .of(...Object.keys(kinds))
    .map((resource) => identity(graph, resource, resource.type as Kind));
  cached.set(graph, found);
  return found;
}

function identity(graph: Graph, resource: Resource, type: Kind): Identity {
  const kind = kinds[type];
  const inline = graph.referrers(resource, `aws_iam_${kind}_policy`, kind);
  const arns = attachedArns(graph, resource, kind);
  const attached = graph.referents(arns, 'aws_iam_policy');
  const [boundary] = graph.referents(resource.get('permissions_boundary'), 'aws_iam_policy');
  return {
    resource,
    policies: [...policiesIn(resource), ...[...inline, ...attached].flatMap(policiesIn)],
    managedArns: arns
      .map(textOf)
      .filter((arn) => referencesIn(arn).length === 0 || arn.includes(':policy/')),
    boundary: boundary && policiesIn(boundary).flatMap(({ statements }) => statements),
  };
}

function attachedArns(graph: Graph, resource: Resource, kind: string): Value[] {
  const single = graph
    .referrers(resource, `aws_iam_${kind}_policy_attachment`, kind)
    .map((one) => one.get('policy_arn'));
  const shared = graph
    .referrers(resource, 'aws_iam_policy_attachment', `${kind}s`)
    .map((one) => one.get('policy_arn'));
  const exclusive = graph.referrers(
    resource,
    `aws_iam_${kind}_policy_attachments_exclusive`,
    `${kind}_name`,
  );
  const own = asList(resource.get('managed_policy_arns'));
  return [
    ...single,
    ...shared,
    ...own,
    ...exclusive.flatMap((one) => asList(one.get('policy_arns'))),
  ].filter((arn) => arn !== undefined);
}

/** One resource, in all the ways that policies may write it: its ARN by name and by reference. */
export type Target = readonly string[];

/**
 * Whether the identity may do this to at least one of the targets: allowed by a policy, within its
 * boundary, and not denied without a condition.
 *
 * @param options - with `unconditional`, a right that is granted under a condition does not count
 */
export function may(
  identity: Identity,
  action: string,
  targets: readonly Target[],
  options: { readonly unconditional?: boolean } = {},
): boolean {
  const spoken = (statements: readonly Statement[]): readonly Statement[] =>
    statements.filter((statement) => coversAction(statement, action));
  const granted = spoken(identity.policies.flatMap((policy) => policy.statements));
  if (!isAdministrator(identity) && !granted.some(({ allows }) => allows)) return false;
  const boundary = identity.boundary && spoken(identity.boundary);
  return targets.some((names) => {
    const covers = (statement: Statement): boolean => coversResource(statement, names);
    const allows = (statement: Statement): boolean =>
      statement.allows &&
      (!options.unconditional || statement.conditions.length === 0) &&
      covers(statement);
    if (!isAdministrator(identity) && !granted.some(allows)) return false;
    if (boundary && !boundary.some((statement) => statement.allows && covers(statement)))
      return false;
    return ![...granted, ...(boundary ?? [])].some(
      (statement) => !statement.allows && statement.conditions.length === 0 && covers(statement),
    );
  });
}

/** Whether some of its rights are only known after apply. */
export function isUnreadableIdentity({ policies }: Identity): boolean {
  return policies.some(({ unreadable }) => unreadable);
}

/** Whether a policy that gives everything is attached. */
export function isAdministrator({ managedArns }: Identity): boolean {
  return managedArns.some((arn) => arn.endsWith(':policy/AdministratorAccess'));
}

/** Whether a policy only limits roles, as their boundary, and grants nothing by itself. */
export function isBoundaryOnly(graph: Graph, policy: Resource): boolean {
  if (policy.type !== 'aws_iam_policy') return false;
  const users = graph.users(policy).filter(({ type }) => type.startsWith('aws_iam_'));
  const limits = (user: Resource): boolean =>
    user.type === 'aws_iam_role' &&
    graph.referents(user.get('permissions_boundary'), 'aws_iam_policy').includes(policy) &&
    !graph.referents(user.get('managed_policy_arns'), 'aws_iam_policy').includes(policy);
  const attaches = users.some(
    ({ type }) => type.endsWith('_attachment') || type.endsWith('_exclusive'),
  );
  return !attaches && users.some(limits);
}
