import { CloudwatchEventRule } from '@cdktf/provider-aws/lib/cloudwatch-event-rule/index.js';
import { CloudwatchEventTarget } from '@cdktf/provider-aws/lib/cloudwatch-event-target/index.js';
import { IamPolicy } from '@cdktf/provider-aws/lib/iam-policy/index.js';
import { SsmDocument } from '@cdktf/provider-aws/lib/ssm-document/index.js';
import { Construct } from 'constructs';
import { auditPath } from '../../identity/boundaries.ts';
import { stackOf } from '../../lib/environment-stack.ts';
import { policyDocument } from '../../lib/policy-document.ts';
import { workloadRole } from '../../lib/workload-role.ts';
import type { Notices } from '../notices.ts';
import type { Records } from '../records.ts';
import { isolateDatabase } from './isolate-database.ts';
import { isolateInstance, type IsolationConfig } from './isolate-instance.ts';
import { isolationBoundary, isolationRights, quarantineName } from './rights.ts';
import { renderRunbook, type Runbook } from './runbook.ts';

/**
 * The way to cut off what is compromised, in one call: runbooks for an instance and for a database, the role
 * that they run as, and a notice when one ends.
 */
export class Isolation extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { records, notices }: { records: Records; notices: Notices },
  ) {
    super(scope, id);
    const stack = stackOf(this);
    const { audit, retention } = stack.environment;
    const config: IsolationConfig = {
      roleArn: this.#role(records),
      quarantineGroupName: quarantineName(stack),
      evidenceBucketName: records.evidence.bucket.bucket,
    };
    this.#publish(
      'isolate-instance',
      isolateInstance(config, { mode: audit.lock, days: retention.trailDays }),
    );
    this.#publish('isolate-database', isolateDatabase(config));
    this.#tell(notices);
  }

  #role(records: Records): string {
    const stack = stackOf(this);
    const boundary = new IamPolicy(this, 'boundary', {
      name: stack.named('audit-isolation-boundary'),
      path: auditPath(stack),
      description: 'The most that isolating may do',
      policy: policyDocument(...isolationBoundary(stack)),
    });
    const { role } = workloadRole(this, 'isolation', {
      name: 'audit-isolation',
      path: auditPath(stack),
      description: 'Lets Systems Manager isolate what is compromised',
      service: 'ssm.amazonaws.com',
      boundary: boundary.arn,
      rights: isolationRights(stack, {
        evidenceArn: records.evidence.arn,
        keyArn: records.key.arn,
      }),
    });
    return role.arn;
  }

  #publish(name: string, runbook: Runbook): void {
    new SsmDocument(this, name, {
      name: stackOf(this).named(`audit-${name}`),
      documentType: 'Automation',
      documentFormat: 'YAML',
      content: renderRunbook(runbook),
    });
  }

  #tell(notices: Notices): void {
    const stack = stackOf(this);
    const rule = new CloudwatchEventRule(this, 'ended', {
      name: stack.named('audit-isolation-ended'),
      description: 'An isolation succeeded or failed',
      eventPattern: JSON.stringify({
        source: ['aws.ssm'],
        'detail-type': ['EC2 Automation Execution Status-change Notification'],
        detail: {
          Definition: [{ wildcard: stack.named('audit-isolate-*') }],
          Status: ['Success', 'Failed', 'TimedOut', 'Cancelled'],
        },
      }),
    });
    new CloudwatchEventTarget(this, 'ended-tell', {
      rule: rule.name,
      arn: notices.urgent.arn,
      inputTransformer: {
        inputPaths: {
          account: '$.account',
          region: '$.region',
          time: '$.time',
          runbook: '$.detail.Definition',
          status: '$.detail.Status',
          execution: '$.detail.ExecutionId',
          who: '$.detail.ExecutedBy',
        },
        inputTemplate: [
          'Isolation <status>: <runbook>',
          'Started by: <who>',
          'Where: account <account>, region <region>, at <time>.',
          'Look at automation execution <execution> in the Systems Manager console; where it failed, cut off by hand.',
        ]
          .map((line) => JSON.stringify(line))
          .join('\n'),
      },
    });
  }
}
