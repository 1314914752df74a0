import { Construct } from 'constructs';
import { CustomerKey } from '../constructs/customer-key.ts';
import { logBucket } from '../constructs/log-bucket.ts';
import { PrivateBucket } from '../constructs/private-bucket.ts';
import { breakGlassRole, isolationRole } from '../identity/boundaries.ts';
import { stackOf } from '../lib/environment-stack.ts';
import { deliveries, recordGuards } from './guarded-bucket.ts';

/** Days until what an expiry hides is gone; long enough to notice a wrong one. */
const afterExpiryDays = 30;

/** The accounts of the environment: its own and, where there is one, the off-site account. */
export function watchedAccounts(scope: Construct): string[] {
  const stack = stackOf(scope);
  return [...new Set([stack.environment.account, stack.offsiteAccount])];
}

/** Where records rest: the trail's locked bucket, Config's, their access logs, and the key of all. */
export class Records extends Construct {
  readonly key: CustomerKey;
  readonly trail: PrivateBucket;
  readonly configuration: PrivateBucket;
  /** What an isolation found; written by its role alone. */
  readonly evidence: PrivateBucket;
  readonly accessLogs: PrivateBucket;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const stack = stackOf(this);
    const { account, audit, retention } = stack.environment;
    const others = watchedAccounts(this).filter((one) => one !== account);
    this.key = new CustomerKey(this, 'encryption', {
      description: 'Encrypts the records of what happens in the account',
      viaServices: ['s3'],
      logGroups: true,
      services: ['cloudtrail.amazonaws.com', 'config.amazonaws.com'],
      ...(others.length > 0 ? { serviceAccounts: others } : {}),
      guardian: breakGlassRole(stack),
    });
    this.accessLogs = logBucket(this, 'access-logs', {
      purpose: 'audit-logs',
      statements: recordGuards(stack, this.#arn('audit-logs')),
    });
    const objectLock = {
      mode: audit.lock === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE',
      days: retention.trailDays,
    } as const;
    const common = {
      key: this.key,
      accessLogs: this.accessLogs,
      noncurrentDays: afterExpiryDays,
      tiering: true,
    };
    this.trail = new PrivateBucket(this, 'trail', {
      ...common,
      name: this.#name('audit-trail'),
      objectLock,
      expireDays: retention.trailDays,
      statements: this.#receive('audit-trail', 'cloudtrail.amazonaws.com'),
    });
    // AWS Config delivers to no bucket that locks by default.
    this.configuration = new PrivateBucket(this, 'configuration', {
      ...common,
      name: this.#name('audit-configuration'),
      expireDays: retention.configurationDays,
      statements: this.#receive('audit-configuration', 'config.amazonaws.com'),
    });
    this.evidence = new PrivateBucket(this, 'evidence', {
      ...common,
      name: this.#name('audit-evidence'),
      objectLock,
      expireDays: retention.trailDays,
      statements: recordGuards(stack, this.#arn('audit-evidence'), isolationRole(stack)),
    });
  }

  #name(purpose: string): string {
    const stack = stackOf(this);
    return `${stack.named(purpose)}-${stack.environment.account}`;
  }

  #arn(purpose: string): string {
    return `arn:${stackOf(this).partition.name}:s3:::${this.#name(purpose)}`;
  }

  #receive(purpose: string, service: string) {
    const bucketArn = this.#arn(purpose);
    return [
      ...deliveries(service, bucketArn, watchedAccounts(this)),
      ...recordGuards(stackOf(this), bucketArn),
    ];
  }
}
