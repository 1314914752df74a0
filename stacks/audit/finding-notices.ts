import { CloudwatchEventBusPolicy } from '@cdktf/provider-aws/lib/cloudwatch-event-bus-policy/index.js';
import { CloudwatchEventRule } from '@cdktf/provider-aws/lib/cloudwatch-event-rule/index.js';
import { CloudwatchEventTarget } from '@cdktf/provider-aws/lib/cloudwatch-event-target/index.js';
import { Construct } from 'constructs';
import { isRunCentrally } from '../../contracts/environment/central-services.ts';
import { auditPath } from '../identity/boundaries.ts';
import { stackOf } from '../lib/environment-stack.ts';
import { policyDocument } from '../lib/policy-document.ts';
import { workloadRole } from '../lib/workload-role.ts';
import { findingSources, type FindingSource } from './finding-sources.ts';
import type { Notices } from './notices.ts';

/**
 * Tells people of findings, in their words: what is urgent to both contacts, the rest to the security
 * contact. Findings of the off-site region come to this region's bus first.
 */
export class FindingNotices extends Construct {
  constructor(scope: Construct, id: string, notices: Notices) {
    super(scope, id);
    for (const [name, source] of this.#sources())
      for (const severity of ['urgent', 'routine'] as const) {
        const rule = new CloudwatchEventRule(this, `${name}-${severity}`, {
          name: stackOf(this).named(`audit-${name}-${severity}`),
          description: `${source.detailType}, ${severity}`,
          eventPattern: JSON.stringify({
            source: [source.source],
            'detail-type': [source.detailType],
            detail: source.severity[severity],
          }),
        });
        new CloudwatchEventTarget(this, `${name}-${severity}-tell`, {
          rule: rule.name,
          arn: notices[severity].arn,
          inputTransformer: {
            inputPaths: { ...source.paths },
            // Each line is a string of its own: EventBridge joins them.
            inputTemplate: source.lines.map((line) => JSON.stringify(line)).join('\n'),
          },
        });
      }
    this.#forwardOffsite();
  }

  /** Those that this account runs. */
  #sources(): [string, FindingSource][] {
    const { environment } = stackOf(this);
    return Object.entries(findingSources).filter(
      ([name, { service }]) =>
        !(service && isRunCentrally(environment, service)) &&
        !(name === 'macie' && environment.turnedOff.includes('macie')),
    );
  }

  #forwardOffsite(): void {
    const stack = stackOf(this);
    const on = { provider: stack.offsite };
    const bus = stack.arn('events', 'event-bus/default');
    if (stack.offsiteAccount !== stack.environment.account)
      new CloudwatchEventBusPolicy(this, 'from-offsite', {
        eventBusName: 'default',
        policy: policyDocument({
          sid: 'TakeFindings',
          principal: {
            AWS: stack.arn('iam', 'root', { region: '', account: stack.offsiteAccount }),
          },
          actions: ['events:PutEvents'],
          resources: [bus],
        }),
      });
    const { role } = workloadRole(this, 'forward', {
      ...on,
      name: 'audit-forward',
      path: auditPath(stack),
      description: 'Lets EventBridge forward findings of the off-site region',
      service: 'events.amazonaws.com',
      rights: [{ sid: 'Forward', actions: ['events:PutEvents'], resources: [bus] }],
      offsite: true,
    });
    const rule = new CloudwatchEventRule(this, 'offsite', {
      ...on,
      name: stack.named('audit-forward'),
      description: 'Findings of the off-site region',
      eventPattern: JSON.stringify({
        source: this.#sources().map(([, { source }]) => source),
        'detail-type': this.#sources().map(([, { detailType }]) => detailType),
      }),
    });
    new CloudwatchEventTarget(this, 'offsite-forward', {
      ...on,
      rule: rule.name,
      arn: bus,
      roleArn: role.arn,
    });
  }
}
