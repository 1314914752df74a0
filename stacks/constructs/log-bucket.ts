import type { Construct } from 'constructs';
import { classify } from '../lib/classification.ts';
import { stackOf } from '../lib/environment-stack.ts';
import type { Statement } from '../lib/policy-document.ts';
import { PrivateBucket } from './private-bucket.ts';

export interface LogBucketConfig {
  readonly purpose: string;
  readonly statements?: readonly Statement[];
  /** In the off-site region: S3 writes access logs only within one. */
  readonly offsite?: boolean;
}

/**
 * A bucket that AWS services write access logs to. Server access logs and load balancer logs reach
 * only buckets that S3's own key encrypts; so it is the one kind without a customer key.
 */
export function logBucket(
  scope: Construct,
  id: string,
  { purpose, statements = [], offsite = false }: LogBucketConfig,
): PrivateBucket {
  const stack = stackOf(scope);
  const { retention } = stack.environment;
  const account = offsite ? stack.offsiteAccount : stack.environment.account;
  const name = `${stack.named(purpose)}-${account}`;
  const bucket = new PrivateBucket(scope, id, {
    ...(offsite ? { provider: stack.offsite } : {}),
    name,
    expireDays: retention.accessLogsDays,
    noncurrentDays: 30,
    statements: [
      {
        sid: 'ReceiveAccessLogs',
        principal: { Service: 'logging.s3.amazonaws.com' },
        actions: ['s3:PutObject'],
        resources: [`arn:${stack.partition.name}:s3:::${name}/s3/*`],
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      },
      ...statements,
    ],
  });
  // It tells who asked for what; the content itself is not in it.
  classify(bucket, 'confidential');
  return bucket;
}
