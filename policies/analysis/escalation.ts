import type { Graph } from '../engine/graph.ts';
import { reference, textOf } from '../engine/value.ts';
import { type Identity, isAdministrator, may, type Target } from './identities.ts';
import { coversAction } from './statements.ts';

/** One right that is enough to take any other. */
const single = [
  'iam:CreatePolicyVersion',
  'iam:SetDefaultPolicyVersion',
  'iam:AttachRolePolicy',
  'iam:PutRolePolicy',
  'iam:UpdateAssumeRolePolicy',
  'iam:DeleteRolePermissionsBoundary',
  'iam:AttachUserPolicy',
  'iam:PutUserPolicy',
  'iam:AttachGroupPolicy',
  'iam:PutGroupPolicy',
  'iam:AddUserToGroup',
  'iam:CreateAccessKey',
  'iam:CreateLoginProfile',
  'iam:UpdateLoginProfile',
] as const;

/** Ways to run something as a role that one may pass. */
const runners = [
  'ec2:RunInstances',
  'lambda:CreateFunction',
  'ecs:RunTask',
  'ecs:CreateService',
  'cloudformation:CreateStack',
  'codebuild:CreateProject',
  'glue:CreateJob',
  'sagemaker:CreateNotebookInstance',
  'states:CreateStateMachine',
  'scheduler:CreateSchedule',
  'batch:SubmitJob',
  'ssm:StartAutomationExecution',
] as const;

/** How the identity can widen its own rights, as the actions it takes; undefined when it cannot. */
export function escalationOf(graph: Graph, identity: Identity): string | undefined {
  const bounded = { unconditional: true } as const;
  const spoken = single.filter((action) => mentions(identity, action));
  const everywhere = spoken.length === 0 ? [] : iamTargets(graph, identity);
  const direct = spoken.find((action) => may(identity, action, everywhere, bounded));
  if (direct !== undefined) return direct;
  const runner = runners.find((action) => may(identity, action, [[anything]], bounded));
  if (runner === undefined || !may(identity, 'iam:PassRole', [stranger(identity)]))
    return undefined;
  return `iam:PassRole of any role with ${runner}`;
}

/** Whether a policy speaks of the action at all; most speak of none of these. */
function mentions(identity: Identity, action: string): boolean {
  return (
    isAdministrator(identity) ||
    identity.policies.some(({ statements }) => statements.some((one) => coversAction(one, action)))
  );
}

/** Stands for a resource that no pattern but a wildcard matches. */
const anything = 'arn:aws:any:eu-central-1:000000000000:any/any';

const kinds: Readonly<Record<string, string>> = {
  aws_iam_role: 'role',
  aws_iam_policy: 'policy',
  aws_iam_user: 'user',
  aws_iam_group: 'group',
};

/** The graph's roles, policies, users and groups, as the identity's policies would write them. */
function iamTargets(graph: Graph, identity: Identity): Target[] {
  const prefixes = accounts(identity);
  const own = graph.of(...Object.keys(kinds)).map((one) => {
    const path = `${kinds[one.type]}${textOf(one.get('path') ?? '/')}${textOf(one.get('name'))}`;
    return [reference(one.address, 'arn'), ...prefixes.map((prefix) => `${prefix}:${path}`)];
  });
  return [...own, stranger(identity)];
}

/** A role that nobody granted on purpose: only a wildcard reaches it. */
function stranger(identity: Identity): Target {
  return [...accounts(identity), 'arn:aws:iam::000000000000'].map(
    (prefix) => `${prefix}:role/stranger`,
  );
}

/** The accounts that the identity's policies speak of, as prefixes of IAM ARNs. */
function accounts({ policies }: Identity): string[] {
  const statements = policies.flatMap((policy) => policy.statements);
  const texts = statements.flatMap(({ resources, notResources }) => [
    ...resources,
    ...notResources,
  ]);
  return [...new Set(texts.flatMap((text) => /^arn:[^:]*:iam::[^:]*(?=:)/.exec(text)?.[0] ?? []))];
}
