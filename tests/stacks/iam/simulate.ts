import assert from 'node:assert/strict';
import { runSimulation } from '@cloud-copilot/iam-simulate';

/** One call, as AWS would judge it. */
export interface Call {
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  /** The account that the resource belongs to. */
  readonly resourceAccount: string;
  /** Condition keys of the request; absent ones are absent. */
  readonly context: Readonly<Record<string, string>>;
}

/** The policies that speak of a call: JSON as Terraform gets it. */
export interface Policies {
  readonly identity: readonly string[];
  readonly boundary: string | undefined;
  /** Of the bucket, the key or the secret. */
  readonly resource?: string;
}

/**
 * Whether AWS allows a call, by identity, boundary and resource policy together, as an independent
 * simulator judges them. It knows every action with its resource types and condition keys: a call or a
 * policy that AWS could not have fails the test.
 */
export async function isAllowed(call: Call, policies: Policies): Promise<boolean> {
  const { principal, action, resource, resourceAccount: accountId, context } = call;
  const outcome = await runSimulation(
    {
      request: { principal, action, resource: { resource, accountId }, contextVariables: context },
      identityPolicies: policies.identity.map((text, index) => named(`identity-${index}`, text)),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(policies.boundary === undefined
        ? {}
        : { permissionBoundaryPolicies: [named('boundary', policies.boundary)] }),
      ...(policies.resource === undefined ? {} : { resourcePolicy: parsed(policies.resource) }),
    },
    {},
  );
  assert.ok(outcome.resultType === 'single', JSON.stringify({ call, outcome }));
  // A key that the simulator sets aside judges nothing.
  if (action === 's3:PutObject') assert.deepEqual(outcome.result.ignoredContextKeys, []);
  return outcome.overallResult === 'Allowed';
}

const named = (name: string, text: string) => ({ name, policy: parsed(text) });

function parsed(text: string): unknown {
  return JSON.parse(text);
}
