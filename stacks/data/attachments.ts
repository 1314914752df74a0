import { Construct } from 'constructs';
import { CustomerKey } from '../constructs/customer-key.ts';
import { logBucket } from '../constructs/log-bucket.ts';
import { PrivateBucket } from '../constructs/private-bucket.ts';
import { classify } from '../lib/classification.ts';
import { stackOf } from '../lib/environment-stack.ts';
import { replicaStatements, replicate, replicationRole } from './replication.ts';

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
      ...(stack.environment.turnedOff.includes('macie')
        ? {}
        : {
            reader: stack.arn(
              'iam',
              'role/aws-service-role/macie.amazonaws.com/AWSServiceRoleForAmazonMacie',
              { region: '' },
            ),
          }),
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
    const { account, retention } = stack.environment;
    const name = `${stack.named('attachments-replica')}-${stack.offsiteAccount}`;
    const foreign = stack.offsiteAccount === account ? undefined : replicationRole(stack);
    const provider = stack.offsite;
    const key = new CustomerKey(this, 'replica-objects', {
      description: 'Encrypts the off-site copies of attachments',
      viaServices: ['s3'],
      offsite: true,
      provider,
      ...(foreign ? { foreignWriter: foreign } : {}),
    });
    const bucket = new PrivateBucket(this, 'replica', {
      name,
      key,
      accessLogs: logBucket(this, 'replica-logs', {
        purpose: 'attachments-replica-logs',
        offsite: true,
      }),
      noncurrentDays: retention.attachmentVersionsDays,
      tiering: true,
      provider,
      ...(foreign
        ? { statements: replicaStatements(`arn:${stack.partition.name}:s3:::${name}`, foreign) }
        : {}),
    });
    return { bucket, key };
  }
}
