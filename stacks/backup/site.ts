import { Construct } from 'constructs';
import { CustomerKey } from '../constructs/customer-key.ts';
import type { TerraformProvider } from '../lib/cdktf.ts';
import { stackOf } from '../lib/environment-stack.ts';

/** Where tasks run: at home, or off-site, where drills prove that the region's loss is survived. */
export class Site extends Construct {
  readonly offsite: boolean;
  readonly region: string;
  readonly account: string;
  /** Spread into what is built here. */
  readonly on: { readonly provider?: TerraformProvider };
  /** Encrypts what the tasks are told: secrets, parameters, schedules, images. */
  readonly key: CustomerKey;

  constructor(scope: Construct, id: string, { offsite }: { offsite: boolean }) {
    super(scope, id);
    const { environment, offsiteAccount, offsite: provider } = stackOf(this);
    this.offsite = offsite;
    this.region = offsite ? environment.offsite.region : environment.region;
    this.account = offsite ? offsiteAccount : environment.account;
    this.on = offsite ? { provider } : {};
    this.key = new CustomerKey(this, 'instructions', {
      ...this.on,
      offsite,
      description: "Encrypts the agent's secrets, configuration, schedules and images",
      viaServices: ['secretsmanager', 'ssm', 'scheduler', 'sqs', 'ecr'],
      services: ['events.amazonaws.com'],
    });
  }

  /** An ARN of this site's account and region. */
  arn(service: string, resource: string, over: { region?: string } = {}): string {
    return stackOf(this).arn(service, resource, {
      account: this.account,
      region: over.region ?? this.region,
    });
  }

  /** Spread into workload roles. */
  get roleHome(): { readonly offsite?: boolean; readonly provider?: TerraformProvider } {
    return this.offsite ? { ...this.on, offsite: true } : {};
  }
}
