import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy/index.js';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role/index.js';
import { Construct } from 'constructs';
import { stackOf } from '../../lib/environment-stack.ts';
import { policyDocument } from '../../lib/policy-document.ts';
import { peoplePath } from '../boundaries.ts';
import type { Duty } from './duties.ts';

export interface PersonRoleConfig {
  readonly boundaryArn: string;
  readonly duty: Duty;
  readonly sessionHours: number;
  /** How long ago the second factor may have been shown. */
  readonly mfaAgeSeconds?: number;
}

/** A role that people of the trusted account take on, with a second factor shown in this session. */
export class PersonRole extends Construct {
  readonly role: IamRole;

  constructor(scope: Construct, id: string, config: PersonRoleConfig) {
    super(scope, id);
    const stack = stackOf(this);
    this.role = new IamRole(this, 'role', {
      name: stack.named(id),
      path: peoplePath(stack),
      description: config.duty.description,
      maxSessionDuration: config.sessionHours * 3600,
      permissionsBoundary: config.boundaryArn,
      assumeRolePolicy: policyDocument({
        sid: 'AssumeWithSecondFactor',
        principal: {
          AWS: stack.arn('iam', 'root', {
            region: '',
            account: stack.environment.identity.trustedAccount,
          }),
        },
        actions: ['sts:AssumeRole'],
        conditions: {
          Bool: { 'aws:MultiFactorAuthPresent': 'true' },
          NumericLessThan: { 'aws:MultiFactorAuthAge': String(config.mfaAgeSeconds ?? 3600) },
        },
      }),
    });
    new IamRolePolicy(this, 'rights', {
      name: 'rights',
      role: this.role.name,
      policy: policyDocument(...config.duty.rights, ...config.duty.never),
    });
  }
}
