import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy/index.js';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role/index.js';
import type { Construct } from 'constructs';
import type { TerraformProvider } from './cdktf.ts';
import { stackOf } from './environment-stack.ts';
import { policyDocument, serviceTrust, type Statement } from './policy-document.ts';

export interface WorkloadRoleConfig {
  readonly name: string;
  readonly description: string;
  /** The service that takes the role on, such as ecs-tasks.amazonaws.com. */
  readonly service: string;
  readonly rights?: readonly Statement[];
  readonly offsite?: boolean;
  /** Without it, the boundary that the stack was given. */
  readonly boundary?: string;
  /** Without it, the workloads' own, below which the deploy role makes and changes roles. */
  readonly path?: string;
  readonly provider?: TerraformProvider;
}

/**
 * A role of an AWS service, below the workloads' path and inside their boundary: the deploy role may
 * make no other.
 */
export function workloadRole(
  scope: Construct,
  id: string,
  config: WorkloadRoleConfig,
): { role: IamRole; rights: IamRolePolicy | undefined } {
  const stack = stackOf(scope);
  const provider = config.provider ? { provider: config.provider } : {};
  const account = config.offsite ? stack.offsiteAccount : stack.environment.account;
  const rails = stack.guardrails;
  const boundary = config.boundary ?? (config.offsite ? rails?.offsiteBoundary : rails?.boundary);
  const role = new IamRole(scope, `${id}-role`, {
    ...provider,
    name: stack.named(config.name),
    path: config.path ?? `/${stack.named('workload')}/`,
    description: config.description,
    assumeRolePolicy: serviceTrust(config.service, account),
    ...(boundary ? { permissionsBoundary: boundary } : {}),
  });
  const rights = config.rights?.length
    ? new IamRolePolicy(scope, `${id}-rights`, {
        ...provider,
        name: config.name,
        role: role.name,
        policy: policyDocument(...config.rights),
      })
    : undefined;
  return { role, rights };
}
