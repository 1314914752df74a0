import { S3BucketLifecycleConfiguration } from '@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration/index.js';
import { S3BucketLoggingA } from '@cdktf/provider-aws/lib/s3-bucket-logging/index.js';
import { S3BucketNotification } from '@cdktf/provider-aws/lib/s3-bucket-notification/index.js';
import { S3BucketObjectLockConfigurationA } from '@cdktf/provider-aws/lib/s3-bucket-object-lock-configuration/index.js';
import { S3BucketOwnershipControls } from '@cdktf/provider-aws/lib/s3-bucket-ownership-controls/index.js';
import { S3BucketPolicy } from '@cdktf/provider-aws/lib/s3-bucket-policy/index.js';
import { S3BucketPublicAccessBlock } from '@cdktf/provider-aws/lib/s3-bucket-public-access-block/index.js';
import { S3BucketServerSideEncryptionConfigurationA } from '@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration/index.js';
import { S3BucketVersioningA } from '@cdktf/provider-aws/lib/s3-bucket-versioning/index.js';
import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket/index.js';
import { Construct } from 'constructs';
import type { TerraformProvider } from '../lib/cdktf.ts';
import { stackOf } from '../lib/environment-stack.ts';
import { policyDocument, type Statement } from '../lib/policy-document.ts';
import { lifecycleRules } from './bucket-lifecycle.ts';
import type { CustomerKey } from './customer-key.ts';

export interface PrivateBucketConfig {
  /** The bucket's whole name, unique worldwide. */
  readonly name: string;
  /** Encrypts the objects; without one S3's own key does, which only log buckets need. */
  readonly key?: CustomerKey;
  /** Where S3 writes who asked for what; a log bucket has none, for it would log its own logs. */
  readonly accessLogs?: PrivateBucket;
  /** Days until objects go; without it they stay. */
  readonly expireDays?: number;
  /** Days until replaced and deleted versions go. */
  readonly noncurrentDays: number;
  /** Only versions below this prefix go; all without it. */
  readonly noncurrentPrefix?: string;
  /** Objects can be locked, each as its writer says, or all of them for these days. */
  readonly objectLock?:
    | boolean
    | { readonly mode: 'COMPLIANCE' | 'GOVERNANCE'; readonly days: number };
  /** Move objects that nobody reads to cheaper storage. */
  readonly tiering?: boolean;
  readonly statements?: readonly Statement[];
  readonly provider?: TerraformProvider;
}

/**
 * A bucket that nobody but its owner's principals reaches, over TLS 1.2 or later, versioned, encrypted,
 * without access lists, its events published to EventBridge.
 */
export class PrivateBucket extends Construct {
  readonly bucket: S3Bucket;
  readonly versioning: S3BucketVersioningA;
  readonly policy: S3BucketPolicy;
  /** The whole name. */
  readonly name: string;
  /** The ARN, known at synthesis. */
  readonly arn: string;

  constructor(scope: Construct, id: string, config: PrivateBucketConfig) {
    super(scope, id);
    const stack = stackOf(this);
    const provider = config.provider ? { provider: config.provider } : {};
    this.name = config.name;
    this.arn = `arn:${stack.partition.name}:s3:::${config.name}`;
    this.bucket = new S3Bucket(this, 'bucket', {
      ...provider,
      bucket: config.name,
      ...(config.objectLock ? { objectLockEnabled: true } : {}),
      forceDestroy: !stack.environment.data.preventDestroy,
      lifecycle: { preventDestroy: stack.environment.data.preventDestroy },
    });
    const on = { ...provider, bucket: this.bucket.id };
    const block = new S3BucketPublicAccessBlock(this, 'public-access', {
      ...on,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    new S3BucketOwnershipControls(this, 'ownership', {
      ...on,
      rule: { objectOwnership: 'BucketOwnerEnforced' },
    });
    this.versioning = new S3BucketVersioningA(this, 'versioning', {
      ...on,
      versioningConfiguration: { status: 'Enabled' },
    });
    new S3BucketServerSideEncryptionConfigurationA(this, 'encryption', {
      ...on,
      rule: [
        {
          bucketKeyEnabled: config.key !== undefined,
          applyServerSideEncryptionByDefault: config.key
            ? { sseAlgorithm: 'aws:kms', kmsMasterKeyId: config.key.arn }
            : { sseAlgorithm: 'AES256' },
        },
      ],
    });
    this.policy = new S3BucketPolicy(this, 'policy', {
      ...on,
      policy: policyDocument(...this.#guards(config), ...(config.statements ?? [])),
      // S3 answers 409 when a bucket's policy and its public access block change at once.
      dependsOn: [block],
    });
    new S3BucketLifecycleConfiguration(this, 'lifecycle', {
      ...on,
      rule: lifecycleRules(config),
      dependsOn: [this.versioning],
    });
    if (typeof config.objectLock === 'object')
      new S3BucketObjectLockConfigurationA(this, 'lock', {
        ...on,
        rule: { defaultRetention: { ...config.objectLock } },
        dependsOn: [this.versioning],
      });
    new S3BucketNotification(this, 'events', { ...on, eventbridge: true });
    if (config.accessLogs)
      new S3BucketLoggingA(this, 'access-logs', {
        ...on,
        targetBucket: config.accessLogs.bucket.id,
        targetPrefix: `s3/${config.name}/`,
      });
  }

  #guards(config: PrivateBucketConfig): Statement[] {
    const everything = { principal: '*', resources: [this.arn, `${this.arn}/*`] } as const;
    const guards: Statement[] = [
      {
        ...everything,
        sid: 'DenyPlaintext',
        effect: 'Deny',
        actions: ['s3:*'],
        conditions: { Bool: { 'aws:SecureTransport': 'false' } },
      },
      {
        ...everything,
        sid: 'DenyOldTls',
        effect: 'Deny',
        actions: ['s3:*'],
        conditions: { NumericLessThan: { 's3:TlsVersion': '1.2' } },
      },
    ];
    if (!config.key) return guards;
    const puts = {
      principal: '*',
      actions: ['s3:PutObject'],
      resources: [`${this.arn}/*`],
    } as const;
    return [
      ...guards,
      {
        ...puts,
        sid: 'DenyOtherEncryption',
        effect: 'Deny',
        // Without the header the bucket's default applies, which is the right key.
        conditions: {
          StringNotEqualsIfExists: { 's3:x-amz-server-side-encryption': 'aws:kms' },
          Null: { 's3:x-amz-server-side-encryption': 'false' },
        },
      },
      {
        ...puts,
        sid: 'DenyOtherKeys',
        effect: 'Deny',
        conditions: {
          StringNotEqualsIfExists: {
            's3:x-amz-server-side-encryption-aws-kms-key-id': config.key.arn,
          },
          Null: { 's3:x-amz-server-side-encryption-aws-kms-key-id': 'false' },
        },
      },
    ];
  }
}
