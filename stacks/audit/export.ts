import { CloudwatchEventRule } from '@cdktf/provider-aws/lib/cloudwatch-event-rule/index.js';
import { CloudwatchEventTarget } from '@cdktf/provider-aws/lib/cloudwatch-event-target/index.js';
import { CloudwatchLogSubscriptionFilter } from '@cdktf/provider-aws/lib/cloudwatch-log-subscription-filter/index.js';
import { IamPolicy } from '@cdktf/provider-aws/lib/iam-policy/index.js';
import { KinesisFirehoseDeliveryStream } from '@cdktf/provider-aws/lib/kinesis-firehose-delivery-stream/index.js';
import { Construct } from 'constructs';
import type { Siem } from '../../contracts/environment/audit.ts';
import { auditPath, neverWidenRights } from '../identity/boundaries.ts';
import { stackOf } from '../lib/environment-stack.ts';
import { policyDocument, type Statement } from '../lib/policy-document.ts';
import { workloadRole } from '../lib/workload-role.ts';
import type { ExportBucket } from './export-bucket.ts';
import { findingSources } from './finding-sources.ts';

export interface ExportConfig {
  /** The trail's log group; without a trail only findings go out. */
  readonly logGroupName: string | undefined;
  readonly bucket: ExportBucket;
  readonly destination: Siem;
}

/**
 * Hands the trail and all findings to a SIEM: by a bucket that it reads, or by its HTTPS endpoint, with
 * what the endpoint refused in the bucket.
 */
export class Export extends Construct {
  readonly #boundaryArn: string;

  constructor(scope: Construct, id: string, config: ExportConfig) {
    super(scope, id);
    const stack = stackOf(this);
    this.#boundaryArn = this.#boundary();
    const stream = this.#stream(config);
    if (config.logGroupName)
      new CloudwatchLogSubscriptionFilter(this, 'trail', {
        name: stack.named('audit-export'),
        logGroupName: config.logGroupName,
        filterPattern: '',
        destinationArn: stream.arn,
        roleArn: this.#feeder('trail-feeder', 'logs.amazonaws.com'),
      });
    const rule = new CloudwatchEventRule(this, 'findings', {
      name: stack.named('audit-export'),
      description: 'All findings, for the SIEM',
      eventPattern: JSON.stringify({
        source: Object.values(findingSources).map(({ source }) => source),
        'detail-type': Object.values(findingSources).map(({ detailType }) => detailType),
      }),
    });
    new CloudwatchEventTarget(this, 'findings-feed', {
      rule: rule.name,
      arn: stream.arn,
      roleArn: this.#feeder('findings-feeder', 'events.amazonaws.com'),
    });
  }

  #stream({ bucket, destination }: ExportConfig): KinesisFirehoseDeliveryStream {
    const stack = stackOf(this);
    const roleArn = this.#deliverer(bucket, destination);
    const rest = {
      bucketArn: bucket.bucket.arn,
      roleArn,
      bufferingInterval: 300,
      bufferingSize: 5,
      compressionFormat: 'GZIP',
      kmsKeyArn: bucket.key.arn,
      errorOutputPrefix: 'failed/',
    };
    return new KinesisFirehoseDeliveryStream(this, 'stream', {
      name: stack.named('audit-export'),
      serverSideEncryption: {
        enabled: true,
        keyType: 'CUSTOMER_MANAGED_CMK',
        keyArn: bucket.key.arn,
      },
      ...(destination.type === 'bucket'
        ? { destination: 'extended_s3', extendedS3Configuration: { ...rest, prefix: 'events/' } }
        : {
            destination: 'http_endpoint',
            httpEndpointConfiguration: {
              name: 'siem',
              url: destination.url,
              roleArn,
              bufferingInterval: 60,
              bufferingSize: 1,
              retryDuration: 3600,
              s3BackupMode: 'FailedDataOnly',
              requestConfiguration: { contentEncoding: 'GZIP' },
              secretsManagerConfiguration: {
                enabled: true,
                roleArn,
                secretArn: destination.secretArn,
              },
              s3Configuration: rest,
            },
          }),
      // A stream is made with rights in place, or delivers nothing for minutes.
      dependsOn: [bucket.bucket.policy],
    });
  }

  #deliverer({ bucket, key }: ExportBucket, destination: Siem): string {
    const stack = stackOf(this);
    const rights: Statement[] = [
      {
        sid: 'Deliver',
        actions: [
          's3:AbortMultipartUpload',
          's3:GetBucketLocation',
          's3:ListBucket',
          's3:ListBucketMultipartUploads',
          's3:PutObject',
        ],
        resources: [bucket.arn, `${bucket.arn}/*`],
      },
      {
        sid: 'Encrypt',
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: [key.arn],
      },
      ...(destination.type === 'https'
        ? [
            {
              sid: 'SignInAtEndpoint',
              actions: ['secretsmanager:GetSecretValue'],
              resources: [destination.secretArn],
            },
          ]
        : []),
    ];
    return workloadRole(this, 'deliverer', {
      name: 'audit-export',
      path: auditPath(stack),
      description: 'Lets Firehose deliver the trail and findings to the SIEM',
      service: 'firehose.amazonaws.com',
      boundary: this.#boundaryArn,
      rights,
    }).role.arn;
  }

  #feeder(id: string, service: string): string {
    const stack = stackOf(this);
    return workloadRole(this, id, {
      name: `audit-export-${id}`,
      path: auditPath(stack),
      description: `Lets ${service} feed the stream to the SIEM`,
      service,
      boundary: this.#boundaryArn,
      rights: [
        {
          sid: 'Feed',
          actions: ['firehose:PutRecord', 'firehose:PutRecordBatch'],
          resources: [stack.arn('firehose', `deliverystream/${stack.named('audit-export')}`)],
        },
      ],
    }).role.arn;
  }

  #boundary(): string {
    const stack = stackOf(this);
    return new IamPolicy(this, 'boundary', {
      name: stack.named('audit-export-boundary'),
      path: auditPath(stack),
      description: 'The most that the export may do',
      policy: policyDocument(
        {
          sid: 'HomeRegion',
          actions: [
            'firehose:PutRecord*',
            'kms:Decrypt',
            'kms:GenerateDataKey',
            's3:AbortMultipartUpload',
            's3:GetBucketLocation',
            's3:List*',
            's3:PutObject',
            'secretsmanager:GetSecretValue',
          ],
          resources: ['*'],
          conditions: { StringEquals: { 'aws:RequestedRegion': stack.environment.region } },
        },
        neverWidenRights(),
      ),
    }).arn;
  }
}
