import { Construct } from 'constructs';
import { CustomerKey } from '../constructs/customer-key.ts';
import { logBucket } from '../constructs/log-bucket.ts';
import { PrivateBucket } from '../constructs/private-bucket.ts';
import { stackOf } from '../lib/environment-stack.ts';
import { roleArn } from './roles.ts';
import { vaultGuards } from './vault-guards.ts';

/** Days that replaced leases stay readable: long enough to see who held one when. */
const leaseVersionsDays = 30;

/**
 * A bucket that keeps backups. Its objects can be locked, each as long as the agent says; nothing in it is
 * overwritten, and only the pruner deletes. Lifecycle touches none but replaced leases: what it let go
 * under `jobs/` would be a backup.
 */
export class Vault extends Construct {
  readonly bucket: PrivateBucket;
  readonly key: CustomerKey;
  readonly region: string;

  constructor(scope: Construct, id: string, { offsite }: { offsite: boolean }) {
    super(scope, id);
    const stack = stackOf(this);
    const purpose = offsite ? 'vault-offsite' : 'vault';
    const account = offsite ? stack.offsiteAccount : stack.environment.account;
    const on = offsite ? { offsite, provider: stack.offsite } : {};
    const name = `${stack.named(purpose)}-${account}`;
    const foreign = offsite ? foreignCopier(this) : undefined;
    this.region = offsite ? stack.environment.offsite.region : stack.environment.region;
    this.key = new CustomerKey(this, 'objects', {
      ...on,
      description: offsite ? 'Encrypts off-site copies of backups' : 'Encrypts backups',
      viaServices: ['s3'],
      ...(foreign ? { foreignUser: foreign } : {}),
    });
    this.bucket = new PrivateBucket(this, 'bucket', {
      ...(offsite ? { provider: stack.offsite } : {}),
      name,
      key: this.key,
      objectLock: true,
      accessLogs: logBucket(this, 'logs', { purpose: `${purpose}-logs`, offsite }),
      noncurrentDays: leaseVersionsDays,
      noncurrentPrefix: 'leases/',
      tiering: true,
      statements: vaultGuards(stack, {
        bucketArn: `arn:${stack.partition.name}:s3:::${name}`,
        prunerArn: roleArn(stack, offsite ? 'offsitePruner' : 'pruner'),
        ...(foreign ? { copier: foreign } : {}),
      }),
    });
  }
}

/** The copier as the off-site account sees it; nobody foreign where both are one account. */
function foreignCopier(scope: Construct) {
  const stack = stackOf(scope);
  if (stack.offsiteAccount === stack.environment.account) return undefined;
  return {
    accountRootArn: stack.arn('iam', 'root', { region: '' }),
    roleArn: roleArn(stack, 'copier'),
  };
}
