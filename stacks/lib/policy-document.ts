/** Who a statement speaks of: `*`, accounts and roles by ARN, or AWS services. */
export type Principal =
  | '*'
  | { readonly AWS: string | readonly string[] }
  | { readonly Service: string | readonly string[] }
  | { readonly Federated: string };

export interface Statement {
  readonly sid: string;
  readonly effect?: 'Allow' | 'Deny';
  readonly principal?: Principal;
  readonly actions?: readonly string[];
  readonly notActions?: readonly string[];
  readonly resources?: readonly string[];
  readonly notResources?: readonly string[];
  readonly conditions?: Readonly<
    Record<string, Readonly<Record<string, string | readonly string[]>>>
  >;
}

/** An IAM policy as JSON; statements without an effect allow. */
export function policyDocument(...statements: readonly Statement[]): string {
  return JSON.stringify({
    Version: '2012-10-17',
    // What is undefined does not reach the JSON.
    Statement: statements.map((statement) => ({
      Sid: statement.sid,
      Effect: statement.effect ?? 'Allow',
      Principal: statement.principal,
      Action: statement.actions,
      NotAction: statement.notActions,
      Resource: statement.resources,
      NotResource: statement.notResources,
      Condition: statement.conditions,
    })),
  });
}

/** A role of another account. */
export interface ForeignPrincipal {
  readonly accountRootArn: string;
  readonly roleArn: string;
}

/**
 * Speaks of a role of another account. AWS refuses a policy that names a role which does not exist yet;
 * the account always does.
 */
export function foreignStatement({
  accountRootArn,
  roleArn,
}: ForeignPrincipal): Required<Pick<Statement, 'principal' | 'conditions'>> {
  return {
    principal: { AWS: accountRootArn },
    conditions: { ArnEquals: { 'aws:PrincipalArn': roleArn } },
  };
}

/** The trust policy of a role that an AWS service takes on, for this account's resources alone. */
export function serviceTrust(service: string, account: string): string {
  return policyDocument({
    sid: 'AssumeByService',
    principal: { Service: service },
    actions: ['sts:AssumeRole'],
    conditions: { StringEquals: { 'aws:SourceAccount': account } },
  });
}
