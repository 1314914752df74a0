import { CloudwatchLogMetricFilter } from '@cdktf/provider-aws/lib/cloudwatch-log-metric-filter/index.js';
import { Construct } from 'constructs';
import { alarm } from '../constructs/alarm.ts';
import { stackOf } from '../lib/environment-stack.ts';
import { activities } from './account-activity.ts';
import type { Notices } from './notices.ts';

/** Rings for every kind of call that people must know of, at the first one within five minutes. */
export class ActivityAlarms extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { logGroupName, notices }: { logGroupName: string; notices: Notices },
  ) {
    super(scope, id);
    const { project, environment } = stackOf(this).environment;
    const namespace = `${project}/${environment}/audit`;
    for (const [name, { title, recommendation, urgent, pattern }] of Object.entries(activities)) {
      new CloudwatchLogMetricFilter(this, `${name}-filter`, {
        name: stackOf(this).named(`audit-${name}`),
        logGroupName,
        pattern,
        metricTransformation: { namespace, name, value: '1', defaultValue: '0' },
      });
      alarm(this, `audit-${name}`, {
        description: recommendation ? `${title} (CIS ${recommendation})` : title,
        namespace,
        metric: name,
        dimensions: {},
        statistic: 'Sum',
        when: 'above',
        threshold: 0,
        periods: 1,
        topicArn: (urgent ? notices.urgent : notices.routine).arn,
      });
    }
  }
}
