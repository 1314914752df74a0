import { CloudwatchMetricAlarm } from '@cdktf/provider-aws/lib/cloudwatch-metric-alarm/index.js';
import type { Construct } from 'constructs';
import type { TerraformProvider } from '../lib/cdktf.ts';
import { stackOf } from '../lib/environment-stack.ts';

export interface AlarmConfig {
  readonly description: string;
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: 'Average' | 'Maximum' | 'Minimum' | 'Sum';
  readonly when: 'above' | 'below';
  readonly threshold: number;
  readonly topicArn: string;
  readonly provider?: TerraformProvider;
  /** Five-minute periods in a row. */
  readonly periods?: number;
  /** What silence means; a metric that only exists in trouble is silent when all is well. */
  readonly silence?: 'breaching' | 'notBreaching' | 'missing';
}

/** An alarm on a metric, over periods of five minutes, told to a topic when it starts and ends. */
export function alarm(scope: Construct, id: string, config: AlarmConfig): CloudwatchMetricAlarm {
  const periods = config.periods ?? 3;
  return new CloudwatchMetricAlarm(scope, id, {
    ...(config.provider ? { provider: config.provider } : {}),
    alarmName: stackOf(scope).named(id),
    alarmDescription: config.description,
    namespace: config.namespace,
    metricName: config.metric,
    dimensions: { ...config.dimensions },
    statistic: config.statistic,
    comparisonOperator: config.when === 'above' ? 'GreaterThanThreshold' : 'LessThanThreshold',
    threshold: config.threshold,
    period: 300,
    evaluationPeriods: periods,
    datapointsToAlarm: periods,
    treatMissingData: config.silence ?? 'notBreaching',
    actionsEnabled: true,
    alarmActions: [config.topicArn],
    okActions: [config.topicArn],
  });
}
