import assert from 'node:assert/strict';
import type { Graph } from '../../../policies/engine/graph.ts';
import type { Resource } from '../../../policies/engine/resource.ts';
import { textOf } from '../../../policies/engine/value.ts';

/** A role of the synthesis with everything that is granted to it and the most that it may do. */
export interface Principal {
  readonly name: string;
  readonly arn: string;
  readonly identity: readonly string[];
  readonly boundary: string;
}

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Condition?: unknown;
}

/**
 * What a role's policies allow at most: whoever wants to do harm brings about any condition that a policy
 * sets, so that conditions of what is allowed fall away. Those of denials stay.
 */
function atMost(policy: string): string {
  const document = JSON.parse(policy) as { Statement: Statement[] };
  return JSON.stringify({
    ...document,
    Statement: document.Statement.map(({ Condition, ...statement }) =>
      statement.Effect === 'Allow' || Condition === undefined
        ? statement
        : { ...statement, Condition },
    ),
  });
}

/** References to what has no ARN before it is made: nothing that a call in question names. */
const plain = (text: string): string =>
  text.replaceAll(/\$\{(?!aws:)[^}]+\}/g, 'arn:aws:iam::111122223333:role/unknown');

const text = (resource: Resource, name: string): string => textOf(resource.get(name));

/** Every role that the stacks make in the account, with references across stacks resolved. */
export function principalsOf(graph: Graph, account: string): Principal[] {
  return graph.of('aws_iam_role').map((role) => {
    const [boundary] = graph.referents(role.get('permissions_boundary'), 'aws_iam_policy');
    assert.ok(boundary, `${role.address} has no boundary`);
    const inline = graph.referrers(role, 'aws_iam_role_policy', 'role');
    const attached = graph
      .referrers(role, 'aws_iam_role_policy_attachment', 'role')
      .flatMap((attachment) => graph.referents(attachment.get('policy_arn'), 'aws_iam_policy'));
    return {
      name: text(role, 'name'),
      arn: `arn:aws:iam::${account}:role${text(role, 'path')}${text(role, 'name')}`,
      identity: [...inline, ...attached].map((policy) => plain(atMost(text(policy, 'policy')))),
      boundary: plain(atMost(text(boundary, 'policy'))),
    };
  });
}
