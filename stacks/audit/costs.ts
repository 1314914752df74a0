import { BudgetsBudget } from '@cdktf/provider-aws/lib/budgets-budget/index.js';
import { CeAnomalyMonitor } from '@cdktf/provider-aws/lib/ce-anomaly-monitor/index.js';
import { CeAnomalySubscription } from '@cdktf/provider-aws/lib/ce-anomaly-subscription/index.js';
import { Construct } from 'constructs';
import { stackOf } from '../lib/environment-stack.ts';
import type { Notices } from './notices.ts';

/**
 * A budget for the account's month, and a notice of what costs more than it ever did: miners and runaway
 * loops show in the bill first.
 */
export class Costs extends Construct {
  constructor(scope: Construct, id: string, notices: Notices) {
    super(scope, id);
    const stack = stackOf(this);
    const { costs } = stack.environment.audit;
    const notification = (type: 'ACTUAL' | 'FORECASTED', threshold: number) => ({
      notificationType: type,
      comparisonOperator: 'GREATER_THAN',
      threshold,
      thresholdType: 'PERCENTAGE',
      subscriberSnsTopicArns: [notices.routine.arn],
    });
    new BudgetsBudget(this, 'month', {
      name: stack.named('audit-month'),
      budgetType: 'COST',
      timeUnit: 'MONTHLY',
      limitAmount: String(costs.month),
      limitUnit: costs.currency,
      notification: [
        notification('ACTUAL', 80),
        notification('ACTUAL', 100),
        notification('FORECASTED', 100),
      ],
    });
    if (stack.environment.turnedOff.includes('cost-anomaly-detection')) return;
    const monitor = new CeAnomalyMonitor(this, 'services', {
      name: stack.named('audit-services'),
      monitorType: 'DIMENSIONAL',
      monitorDimension: 'SERVICE',
    });
    new CeAnomalySubscription(this, 'anomalies', {
      name: stack.named('audit-anomalies'),
      frequency: 'IMMEDIATE',
      monitorArnList: [monitor.arn],
      subscriber: [{ type: 'SNS', address: notices.routine.arn }],
      thresholdExpression: {
        dimension: {
          key: 'ANOMALY_TOTAL_IMPACT_ABSOLUTE',
          matchOptions: ['GREATER_THAN_OR_EQUAL'],
          values: [String(costs.anomaly)],
        },
      },
    });
  }
}
