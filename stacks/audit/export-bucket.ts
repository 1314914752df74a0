import { Construct } from 'constructs';
import { CustomerKey } from '../constructs/customer-key.ts';
import { PrivateBucket } from '../constructs/private-bucket.ts';
import { breakGlassRole } from '../identity/boundaries.ts';
import { stackOf } from '../lib/environment-stack.ts';
import { foreignStatement, type ForeignPrincipal } from '../lib/policy-document.ts';

export interface ExportBucketConfig {
  readonly accessLogs: PrivateBucket;
  readonly days: number;
  /** The SIEM's own role, of its own account; nobody where it takes events by HTTPS. */
  readonly reader?: ForeignPrincipal;
}

/** What the SIEM reads or what its endpoint refused, for as long as it may need to fetch it. */
export class ExportBucket extends Construct {
  readonly bucket: PrivateBucket;
  readonly key: CustomerKey;

  constructor(scope: Construct, id: string, { accessLogs, days, reader }: ExportBucketConfig) {
    super(scope, id);
    const stack = stackOf(this);
    const name = `${stack.named('audit-export')}-${stack.environment.account}`;
    const arn = `arn:${stack.partition.name}:s3:::${name}`;
    this.key = new CustomerKey(this, 'encryption', {
      description: 'Encrypts what goes to the SIEM',
      viaServices: ['s3', 'firehose'],
      guardian: breakGlassRole(stack),
      ...(reader ? { foreignUser: reader } : {}),
    });
    this.bucket = new PrivateBucket(this, 'bucket', {
      name,
      key: this.key,
      accessLogs,
      expireDays: days,
      noncurrentDays: 7,
      statements: reader
        ? [
            {
              ...foreignStatement(reader),
              sid: 'ReadFromOtherAccount',
              actions: ['s3:GetObject', 's3:ListBucket'],
              resources: [arn, `${arn}/*`],
            },
          ]
        : [],
    });
  }
}
