import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group/index.js';
import type { Construct } from 'constructs';
import type { Environment } from '../../contracts/environment.ts';
import type { TerraformProvider } from '../lib/cdktf.ts';
import { stackOf } from '../lib/environment-stack.ts';
import type { CustomerKey } from './customer-key.ts';

export type LogGroupConfig = {
  readonly key: CustomerKey;
  readonly provider?: TerraformProvider;
} & (
  | {
      /** Follows the project's and environment's name. */
      readonly name: string;
      /** Some services write only below a prefix of their own. */
      readonly prefix?: string;
    }
  /** The whole name, where a service has decided it. */
  | { readonly exactly: string }
);

/**
 * For groups that AWS's log delivery writes to. It lists each in one resource policy of the account, which
 * soon is too long; all groups below this prefix share one entry.
 */
export const deliveryPrefix = '/aws/vendedlogs/';

/** A log group, encrypted with the given key and kept as long as the environment says. */
export function logGroup(scope: Construct, id: string, config: LogGroupConfig): CloudwatchLogGroup {
  const { environment } = stackOf(scope);
  return new CloudwatchLogGroup(scope, id, {
    ...(config.provider ? { provider: config.provider } : {}),
    name: 'exactly' in config ? config.exactly : groupName(environment, config),
    kmsKeyId: config.key.arn,
    retentionInDays: environment.retention.logsDays,
  });
}

function groupName(
  { project, environment }: Environment,
  { name, prefix }: { name: string; prefix?: string },
): string {
  const place = `${project}/${environment}/${name}`;
  return prefix ? `${prefix}${place.replaceAll('/', '-')}` : `/${place}`;
}
