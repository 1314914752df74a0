import { IamPolicy } from '@cdktf/provider-aws/lib/iam-policy/index.js';
import type { Construct } from 'constructs';
import type { Environment } from '../../contracts/environment.ts';
import { NoticeTopic } from '../constructs/notice-topic.ts';
import { classify } from '../lib/classification.ts';
import { EnvironmentStack, type Guardrails } from '../lib/environment-stack.ts';
import { policyDocument } from '../lib/policy-document.ts';
import { AccountDefaults } from './account-defaults.ts';
import { peopleBoundary, peoplePath, workloadBoundary, workloadPath } from './boundaries.ts';
import { BreakGlass } from './break-glass.ts';
import { DeployRole } from './deploy-role.ts';
import { incidentResponder } from './people/incident-responder.ts';
import { backupCurator, backupOperator, restoreOperator } from './people/operators.ts';
import { PersonRole } from './people/person-role.ts';
import { auditor, databaseAdministrator, platformEngineer, support } from './people/staff.ts';

/** People, CI and services: who may do what, and what nobody may. */
export class IdentityStack extends EnvironmentStack {
  /** Bounds every role of a service; the other stacks hang it on theirs. */
  readonly rails: Guardrails;

  constructor(scope: Construct, environment: Environment) {
    super(scope, 'identity', environment);
    classify(this, 'confidential');
    const people = new IamPolicy(this, 'people-boundary', {
      name: this.named('people-boundary'),
      path: peoplePath(this),
      description: 'The most that a person may do, whatever the role',
      policy: policyDocument(...peopleBoundary(this)),
    });
    this.rails = this.#rails();
    const duties = {
      'platform-engineer': platformEngineer(this),
      'database-administrator': databaseAdministrator(this),
      'backup-operator': backupOperator(this),
      'restore-operator': restoreOperator(this),
      'backup-curator': backupCurator(this),
      auditor: auditor(),
      'incident-responder': incidentResponder(this),
      support: support(),
    };
    for (const [name, duty] of Object.entries(duties)) {
      const { role } = new PersonRole(this, name, {
        boundaryArn: people.arn,
        sessionHours: environment.identity.sessionHours,
        duty,
      });
      this.output(`${name}-role-arn`, role.arn, duty.description);
    }
    const topic = new NoticeTopic(this, 'security', { email: environment.contacts.security });
    const breakGlass = new BreakGlass(this, 'emergency', {
      topicArn: topic.arn,
      guardrails: this.rails,
    });
    this.output('break-glass-role-arn', breakGlass.role.role.arn, 'For emergencies only');
    const deploy = new DeployRole(this, 'deploy', { workloadBoundary: this.rails.boundary });
    this.output('deploy-role-arn', deploy.role.arn, 'The role that CI deploys with');
    new AccountDefaults(this, 'defaults');
  }

  #rails(): Guardrails {
    const policy = {
      name: this.named('workload-boundary'),
      path: workloadPath(this),
      description: "The most that a service's role may do",
      policy: policyDocument(...workloadBoundary(this)),
    };
    const boundary = new IamPolicy(this, 'workload-boundary', policy).arn;
    if (this.offsiteAccount === this.environment.account)
      return { boundary, offsiteBoundary: boundary };
    const remote = new IamPolicy(this, 'offsite-workload-boundary', {
      ...policy,
      policy: policyDocument(...workloadBoundary(this, this.offsiteAccount)),
      provider: this.offsite,
    });
    return { boundary, offsiteBoundary: remote.arn };
  }
}
