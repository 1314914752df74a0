import type { S3BucketLifecycleConfigurationRule } from '@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration/index.js';

export interface BucketLifecycle {
  readonly expireDays?: number;
  readonly noncurrentDays: number;
  readonly noncurrentPrefix?: string;
  readonly tiering?: boolean;
}

/** What S3 does with objects as they age; unfinished uploads always go after a week. */
export function lifecycleRules(config: BucketLifecycle): S3BucketLifecycleConfigurationRule[] {
  const everything = { status: 'Enabled', filter: [{ prefix: '' }] };
  return [
    {
      ...everything,
      id: 'unfinished-uploads',
      abortIncompleteMultipartUpload: [{ daysAfterInitiation: 7 }],
    },
    {
      status: 'Enabled',
      filter: [{ prefix: config.noncurrentPrefix ?? '' }],
      id: 'old-versions',
      noncurrentVersionExpiration: [{ noncurrentDays: config.noncurrentDays }],
    },
    ...(config.tiering
      ? [
          {
            ...everything,
            id: 'tiering',
            transition: [{ days: 30, storageClass: 'INTELLIGENT_TIERING' }],
          },
        ]
      : []),
    ...(config.expireDays === undefined
      ? []
      : [{ ...everything, id: 'expiry', expiration: [{ days: config.expireDays }] }]),
  ];
}
