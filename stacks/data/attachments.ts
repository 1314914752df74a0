import { Construct } from 'constructs';
import { CustomerKey } from '../constructs/customer-key.ts';
import { logBucket } from '../constructs/log-bucket.ts';
import { PrivateBucket } from '../constructs/private-bucket.ts';
import { classify } from '../lib/classification.ts';
import { stackOf } from '../lib/environment-stack.ts';
import { replicate } from './replication.ts';

/** The bucket that holds the CRM's attachments, and its copy off-site where one is wanted. */
export class Attachments extends Construct {
  readonly bucket: PrivateBucket;
  readonly key: CustomerKey;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    classify(this, 'personal');
    const stack = stackOf(this);
    const { account, data, retention } = stack.environment;
    this.key = new CustomerKey(this, 'objects', {
      description: 'Encrypts attachments',
      viaServices: ['s3'],
    });
    this.bucket = new PrivateBucket(this, 'bucket', {
      name: `${stack.named('attachments')}-${account}`,
      key: this.key,
      accessLogs: logBucket(this, 'logs', { purpose: 'attachments-logs' }),
      noncurrentDays: retention.attachmentVersionsDays,
      tiering: true,
    });
    if (data.replicateAttachments)
      replicate(this, { bucket: this.bucket, key: this.key, replica: this.#replica() });
  }

  #replica() {
    const stack = stackOf(this);
    const provider = stack.offsite;
    const key = new CustomerKey(this, 'replica-objects', {
      description: 'Encrypts the off-site copies of attachments',
      viaServices: ['s3'],
      offsite: true,
      provider,
    });
    const bucket = new PrivateBucket(this, 'replica', {
      name: `${stack.named('attachments-replica')}-${stack.offsiteAccount}`,
      key,
      accessLogs: logBucket(this, 'replica-logs', {
        purpose: 'attachments-replica-logs',
        offsite: true,
      }),
      noncurrentDays: stack.environment.retention.attachmentVersionsDays,
      tiering: true,
      provider,
    });
    return { bucket, key };
  }
}
