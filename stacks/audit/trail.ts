import { Cloudtrail } from '@cdktf/provider-aws/lib/cloudtrail/index.js';
import { Construct } from 'constructs';
import { logGroup } from '../constructs/log-group.ts';
import { NoticeTopic } from '../constructs/notice-topic.ts';
import { auditPath, breakGlassRole } from '../identity/boundaries.ts';
import { stackOf } from '../lib/environment-stack.ts';
import { workloadRole } from '../lib/workload-role.ts';
import type { Records } from './records.ts';

/**
 * The buckets whose every read and write is recorded: attachments and vaults, here and off-site, by the
 * names that their stacks give them, whether those are deployed yet or not.
 */
export function watchedBuckets(scope: Construct): string[] {
  const stack = stackOf(scope);
  const { account, data } = stack.environment;
  const names = [
    `${stack.named('attachments')}-${account}`,
    ...(data.replicateAttachments
      ? [`${stack.named('attachments-replica')}-${stack.offsiteAccount}`]
      : []),
    `${stack.named('vault')}-${account}`,
    `${stack.named('vault-offsite')}-${stack.offsiteAccount}`,
  ];
  return names.map((name) => `arn:${stack.partition.name}:s3:::${name}`);
}

/**
 * The record of every call in all regions, its files signed, in the locked bucket and in a log group that
 * alarms read.
 */
export class Trail extends Construct {
  /** The name of the log group that alarms read. */
  readonly logGroupName: string;

  constructor(scope: Construct, id: string, records: Records) {
    super(scope, id);
    const stack = stackOf(this);
    const group = logGroup(this, 'log', { name: 'audit/trail', key: records.key });
    this.logGroupName = group.name;
    const { role } = workloadRole(this, 'writer', {
      name: 'audit-trail',
      path: auditPath(stack),
      description: 'Lets CloudTrail write to the log group that alarms read',
      service: 'cloudtrail.amazonaws.com',
      rights: [
        {
          sid: 'WriteOwnLogGroup',
          actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          resources: [`${group.arn}:log-stream:*`],
        },
      ],
    });
    const deliveries = new NoticeTopic(this, 'audit-deliveries', {
      publishers: ['cloudtrail.amazonaws.com'],
      key: records.key,
      guardian: breakGlassRole(stack),
    });
    new Cloudtrail(this, 'trail', {
      name: stack.named('audit'),
      isMultiRegionTrail: true,
      includeGlobalServiceEvents: true,
      enableLogging: true,
      enableLogFileValidation: true,
      kmsKeyId: records.key.arn,
      s3BucketName: records.trail.bucket.id,
      snsTopicName: deliveries.arn,
      cloudWatchLogsGroupArn: `${group.arn}:*`,
      cloudWatchLogsRoleArn: role.arn,
      insightSelector: [
        { insightType: 'ApiCallRateInsight' },
        { insightType: 'ApiErrorRateInsight' },
      ],
      advancedEventSelector: [
        {
          name: 'Every call that manages something',
          fieldSelector: [{ field: 'eventCategory', equalTo: ['Management'] }],
        },
        {
          name: 'Every read and write of attachments and backups',
          fieldSelector: [
            { field: 'eventCategory', equalTo: ['Data'] },
            { field: 'resources.type', equalTo: ['AWS::S3::Object'] },
            {
              field: 'resources.ARN',
              startsWith: watchedBuckets(this).map((bucket) => `${bucket}/`),
            },
          ],
        },
      ],
      // CloudTrail tries to write before it accepts the bucket.
      dependsOn: [records.trail.policy],
    });
  }
}
