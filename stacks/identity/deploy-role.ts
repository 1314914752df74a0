import { IamOpenidConnectProvider } from '@cdktf/provider-aws/lib/iam-openid-connect-provider/index.js';
import { IamPolicy } from '@cdktf/provider-aws/lib/iam-policy/index.js';
import { IamRolePolicyAttachment } from '@cdktf/provider-aws/lib/iam-role-policy-attachment/index.js';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role/index.js';
import { Construct } from 'constructs';
import { stackOf } from '../lib/environment-stack.ts';
import { policyDocument } from '../lib/policy-document.ts';
import { deployBoundary, deployRights } from './deploy-rights.ts';
import { peoplePath } from './boundaries.ts';

/**
 * The role that CI deploys with: taken on by the CI system's OIDC tokens of exactly the named subjects.
 * It builds all stacks but this one and bootstrap, which people apply: CI can't change who may do what.
 */
export class DeployRole extends Construct {
  readonly role: IamRole;

  constructor(scope: Construct, id: string, { workloadBoundary }: { workloadBoundary: string }) {
    super(scope, id);
    const stack = stackOf(this);
    const { deploy } = stack.environment.identity;
    const provider = new IamOpenidConnectProvider(this, 'ci', {
      url: `https://${deploy.issuer}`,
      clientIdList: [deploy.audience],
    });
    const boundary = new IamPolicy(this, 'boundary', {
      name: stack.named('deploy-boundary'),
      path: peoplePath(stack),
      description: 'The most that the deploy role may do',
      policy: policyDocument(...deployBoundary(stack, workloadBoundary)),
    });
    this.role = new IamRole(this, 'role', {
      name: stack.named('deploy'),
      path: peoplePath(stack),
      description: 'Deploys the stacks from CI',
      maxSessionDuration: 3600,
      permissionsBoundary: boundary.arn,
      assumeRolePolicy: policyDocument({
        sid: 'AssumeByCi',
        principal: { Federated: provider.arn },
        actions: ['sts:AssumeRoleWithWebIdentity'],
        conditions: {
          StringEquals: {
            [`${deploy.issuer}:aud`]: deploy.audience,
            [`${deploy.issuer}:sub`]: deploy.subjects,
          },
        },
      }),
    });
    const rights = new IamPolicy(this, 'rights', {
      name: stack.named('deploy-rights'),
      path: peoplePath(stack),
      description: 'What deploying the stacks takes',
      policy: policyDocument(...deployRights(stack, workloadBoundary)),
    });
    new IamRolePolicyAttachment(this, 'rights-of-role', {
      role: this.role.name,
      policyArn: rights.arn,
    });
  }
}
