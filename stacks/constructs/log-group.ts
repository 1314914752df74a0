import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group/index.js';
import type { Construct } from 'constructs';
import type { TerraformProvider } from '../lib/cdktf.ts';
import { stackOf } from '../lib/environment-stack.ts';
import type { CustomerKey } from './customer-key.ts';

export interface LogGroupConfig {
  /** After the project's and environment's name; some services demand a prefix of their own. */
  readonly name: string;
  readonly prefix?: string;
  readonly key: CustomerKey;
  readonly provider?: TerraformProvider;
}

/** A log group, encrypted with the given key and kept as long as the environment says. */
export function logGroup(scope: Construct, id: string, config: LogGroupConfig): CloudwatchLogGroup {
  const { environment } = stackOf(scope);
  const place = `${environment.project}/${environment.environment}/${config.name}`;
  return new CloudwatchLogGroup(scope, id, {
    ...(config.provider ? { provider: config.provider } : {}),
    name: config.prefix ? `${config.prefix}${place.replaceAll('/', '-')}` : `/${place}`,
    kmsKeyId: config.key.arn,
    retentionInDays: environment.retention.logsDays,
  });
}
