import type { Construct } from 'constructs';
import type { Environment } from '../../contracts/environment.ts';
import { CustomerKey } from '../constructs/customer-key.ts';
import { logBucket } from '../constructs/log-bucket.ts';
import { PrivateBucket } from '../constructs/private-bucket.ts';
import { keepStateLocally, stateBucketName } from '../lib/backend.ts';
import { classify } from '../lib/classification.ts';
import { EnvironmentStack } from '../lib/environment-stack.ts';

/** The bucket that all other stacks keep their state in, and its key. Its own state is a file. */
export class BootstrapStack extends EnvironmentStack {
  constructor(scope: Construct, environment: Environment) {
    super(scope, 'bootstrap', environment);
    classify(this, 'confidential');
    const key = new CustomerKey(this, 'state', {
      description: 'Encrypts the Terraform state, which names everything and holds some secrets',
      viaServices: ['s3'],
    });
    const logs = logBucket(this, 'logs', { purpose: 'state-logs' });
    const state = new PrivateBucket(this, 'state-bucket', {
      name: stateBucketName(environment),
      key,
      accessLogs: logs,
      noncurrentDays: 90,
    });
    this.output('state-bucket-name', state.bucket.bucket, "Bucket of the other stacks' state");
    this.output('state-key-arn', key.arn, 'KMS key that encrypts the state');
  }

  protected override keepState(): void {
    keepStateLocally(this, this.environment);
  }
}
