import { FlowLog } from '@cdktf/provider-aws/lib/flow-log/index.js';
import { Route53ResolverQueryLogConfigAssociation } from '@cdktf/provider-aws/lib/route53-resolver-query-log-config-association/index.js';
import { Route53ResolverQueryLogConfig } from '@cdktf/provider-aws/lib/route53-resolver-query-log-config/index.js';
import type { Vpc } from '@cdktf/provider-aws/lib/vpc/index.js';
import type { Construct } from 'constructs';
import type { CustomerKey } from '../constructs/customer-key.ts';
import { deliveryPrefix, logGroup } from '../constructs/log-group.ts';
import type { TerraformProvider } from '../lib/cdktf.ts';
import { stackOf } from '../lib/environment-stack.ts';
import { workloadRole } from '../lib/workload-role.ts';

interface LogConfig {
  readonly key: CustomerKey;
  readonly provider?: TerraformProvider;
}

/** Records every connection of a VPC, accepted or not. */
export function logFlows(scope: Construct, vpc: Vpc, config: LogConfig): void {
  const provider = config.provider ? { provider: config.provider } : {};
  const group = logGroup(scope, 'flow-logs', { ...config, name: `flows/${scope.node.id}` });
  const { role } = workloadRole(scope, 'flow-logs', {
    ...provider,
    offsite: config.provider !== undefined,
    name: `${scope.node.id}-flow-logs`,
    description: 'Lets VPC flow logs write to their log group',
    service: 'vpc-flow-logs.amazonaws.com',
    rights: [
      {
        sid: 'WriteOwnLogGroup',
        actions: [
          'logs:CreateLogStream',
          'logs:PutLogEvents',
          'logs:DescribeLogGroups',
          'logs:DescribeLogStreams',
        ],
        resources: [`${group.arn}:*`],
      },
    ],
  });
  new FlowLog(scope, 'flows', {
    ...provider,
    vpcId: vpc.id,
    trafficType: 'ALL',
    logDestinationType: 'cloud-watch-logs',
    logDestination: group.arn,
    iamRoleArn: role.arn,
    maxAggregationInterval: 60,
  });
}

/** Records every DNS query of a VPC. */
export function logQueries(scope: Construct, vpc: Vpc, config: LogConfig): void {
  const stack = stackOf(scope);
  const provider = config.provider ? { provider: config.provider } : {};
  const group = logGroup(scope, 'query-logs', {
    ...config,
    prefix: deliveryPrefix,
    name: `queries/${scope.node.id}`,
  });
  const queries = new Route53ResolverQueryLogConfig(scope, 'queries', {
    ...provider,
    name: stack.named(`${scope.node.id}-queries`),
    destinationArn: group.arn,
  });
  new Route53ResolverQueryLogConfigAssociation(scope, 'queries-of-vpc', {
    ...provider,
    resolverQueryLogConfigId: queries.id,
    resourceId: vpc.id,
  });
}
