import { AccessanalyzerAnalyzer } from '@cdktf/provider-aws/lib/accessanalyzer-analyzer/index.js';
import { EbsDefaultKmsKey } from '@cdktf/provider-aws/lib/ebs-default-kms-key/index.js';
import { EbsEncryptionByDefault } from '@cdktf/provider-aws/lib/ebs-encryption-by-default/index.js';
import { Ec2InstanceMetadataDefaults } from '@cdktf/provider-aws/lib/ec2-instance-metadata-defaults/index.js';
import { IamAccountPasswordPolicy } from '@cdktf/provider-aws/lib/iam-account-password-policy/index.js';
import { S3AccountPublicAccessBlock } from '@cdktf/provider-aws/lib/s3-account-public-access-block/index.js';
import { Construct } from 'constructs';
import { isRunCentrally } from '../../contracts/environment/central-services.ts';
import { CustomerKey } from '../constructs/customer-key.ts';
import { stackOf } from '../lib/environment-stack.ts';

/** What holds for everything in the account, also for what these stacks did not make. */
export class AccountDefaults extends Construct {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const stack = stackOf(this);
    this.#account('main', false);
    if (stack.offsiteAccount !== stack.environment.account) this.#account('offsite', true);
    this.#region('home', false);
    this.#region('recovery', true);
    if (!isRunCentrally(stack.environment, 'access-analyzer')) this.#analyzers();
  }

  /** What is shared outside is looked for in each region, what nobody uses once. */
  #analyzers(): void {
    const stack = stackOf(this);
    for (const [id, on] of [
      ['home', {}],
      ['recovery', { provider: stack.offsite }],
    ] as const)
      new AccessanalyzerAnalyzer(this, `${id}-external-access`, {
        ...on,
        analyzerName: stack.named('external-access'),
        type: 'ACCOUNT',
      });
    new AccessanalyzerAnalyzer(this, 'unused-access', {
      analyzerName: stack.named('unused-access'),
      type: 'ACCOUNT_UNUSED_ACCESS',
      configuration: {
        unusedAccess: { unusedAccessAge: stack.environment.identity.unusedAccessDays },
      },
    });
  }

  #account(id: string, offsite: boolean): void {
    const on = offsite ? { provider: stackOf(this).offsite } : {};
    new IamAccountPasswordPolicy(this, `${id}-passwords`, {
      ...on,
      minimumPasswordLength: 16,
      requireLowercaseCharacters: true,
      requireUppercaseCharacters: true,
      requireNumbers: true,
      requireSymbols: true,
      allowUsersToChangePassword: true,
      maxPasswordAge: 90,
      passwordReusePrevention: 24,
    });
    new S3AccountPublicAccessBlock(this, `${id}-public-access`, {
      ...on,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
  }

  #region(id: string, offsite: boolean): void {
    const stack = stackOf(this);
    const on = offsite ? { provider: stack.offsite } : {};
    const key = new CustomerKey(this, `${id}-volumes`, {
      ...on,
      offsite,
      description: 'Encrypts volumes that name no key of their own',
      viaServices: ['ec2'],
    });
    const byDefault = new EbsEncryptionByDefault(this, `${id}-volumes-encrypted`, {
      ...on,
      enabled: true,
    });
    new EbsDefaultKmsKey(this, `${id}-volumes-key`, {
      ...on,
      keyArn: key.arn,
      dependsOn: [byDefault],
    });
    new Ec2InstanceMetadataDefaults(this, `${id}-metadata`, {
      ...on,
      httpTokens: 'required',
      httpEndpoint: 'enabled',
      httpPutResponseHopLimit: 1,
    });
  }
}
