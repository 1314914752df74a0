import { CloudwatchEventRule } from '@cdktf/provider-aws/lib/cloudwatch-event-rule/index.js';
import { CloudwatchEventTarget } from '@cdktf/provider-aws/lib/cloudwatch-event-target/index.js';
import { IamPolicy } from '@cdktf/provider-aws/lib/iam-policy/index.js';
import { Construct } from 'constructs';
import { stackOf, type Guardrails } from '../lib/environment-stack.ts';
import { policyDocument } from '../lib/policy-document.ts';
import { workloadRole } from '../lib/workload-role.ts';
import { breakGlassRole, globalRegion, peoplePath, vaultObjects } from './boundaries.ts';
import { PersonRole } from './people/person-role.ts';

const everything = { sid: 'Everything', actions: ['*'], resources: ['*'] };

/**
 * The role for the day on which nothing else helps. It may do all but leave the organization, for one
 * hour, with a second factor shown minutes ago; taking it on, and every call made by it, is told to the
 * security contact.
 */
export class BreakGlass extends Construct {
  readonly role: PersonRole;

  constructor(
    scope: Construct,
    id: string,
    { topicArn, guardrails }: { topicArn: string; guardrails: Guardrails },
  ) {
    super(scope, id);
    const stack = stackOf(this);
    const boundary = new IamPolicy(this, 'boundary', {
      name: stack.named('break-glass-boundary'),
      path: peoplePath(stack),
      description: 'The most that the break-glass role may do',
      policy: policyDocument(
        everything,
        {
          sid: 'NeverLeave',
          effect: 'Deny',
          actions: ['account:CloseAccount', 'organizations:*'],
          resources: ['*'],
        },
        {
          // No emergency asks for a backup that the agent did not make.
          sid: 'NeverForgeBackups',
          effect: 'Deny',
          actions: ['s3:PutObject'],
          resources: vaultObjects(stack),
        },
      ),
    });
    this.role = new PersonRole(this, 'break-glass', {
      boundaryArn: boundary.arn,
      sessionHours: 1,
      mfaAgeSeconds: 900,
      duty: {
        description: 'For emergencies: every use raises an alarm',
        rights: [everything],
        never: [],
      },
    });
    this.#tell(topicArn, guardrails);
  }

  #tell(topicArn: string, { boundary }: Guardrails): void {
    const stack = stackOf(this);
    const rule = new CloudwatchEventRule(this, 'use', {
      name: stack.named('break-glass-use'),
      description: 'The break-glass role was taken on or used',
      eventPattern: this.#pattern(),
    });
    new CloudwatchEventTarget(this, 'tell', { rule: rule.name, arn: topicArn });
    const global = globalRegion(stack);
    if (global === stack.environment.region) return;
    // Sign-in and other global services report in their partition's first region alone.
    const bus = stack.arn('events', 'event-bus/default');
    const { role } = workloadRole(this, 'forward', {
      name: 'break-glass-forward',
      description: 'Lets EventBridge forward uses of the break-glass role',
      service: 'events.amazonaws.com',
      rights: [{ sid: 'Forward', actions: ['events:PutEvents'], resources: [bus] }],
      boundary,
    });
    const remote = new CloudwatchEventRule(this, 'global-use', {
      region: global,
      name: stack.named('break-glass-use'),
      description: 'The break-glass role was taken on or used through a global service',
      eventPattern: this.#pattern(),
    });
    new CloudwatchEventTarget(this, 'forward', {
      region: global,
      rule: remote.name,
      arn: bus,
      roleArn: role.arn,
    });
  }

  #pattern(): string {
    const stack = stackOf(this);
    const arn = breakGlassRole(stack);
    return JSON.stringify({
      'detail-type': ['AWS API Call via CloudTrail', 'AWS Console Sign In via CloudTrail'],
      $or: [
        { detail: { requestParameters: { roleArn: [arn] } } },
        { detail: { userIdentity: { sessionContext: { sessionIssuer: { arn: [arn] } } } } },
      ],
    });
  }
}
