import { KmsAlias } from '@cdktf/provider-aws/lib/kms-alias/index.js';
import { KmsKey } from '@cdktf/provider-aws/lib/kms-key/index.js';
import { Construct } from 'constructs';
import type { TerraformProvider } from '../lib/cdktf.ts';
import { stackOf } from '../lib/environment-stack.ts';
import {
  foreignStatement,
  policyDocument,
  type ForeignPrincipal,
  type Statement,
} from '../lib/policy-document.ts';

export type ViaService =
  | 's3'
  | 'ec2'
  | 'rds'
  | 'elasticfilesystem'
  | 'secretsmanager'
  | 'firehose'
  | 'ssm'
  | 'scheduler'
  | 'sqs'
  | 'ecr'
  | 'backup'
  | 'network-firewall';

export interface CustomerKeyConfig {
  readonly description: string;
  /** The key can be used through these services alone, by principals whose own policy allows it. */
  readonly viaServices?: readonly ViaService[];
  /** The account's log groups whose names start so are encrypted with it. */
  readonly logGroups?: boolean;
  /** Services that use it by themselves, for this account's resources. */
  readonly services?: readonly string[];
  /** A role of another account that may encrypt with it, and nothing else. */
  readonly foreignWriter?: ForeignPrincipal;
  /** A role of another account that may use it through S3, as multipart uploads need. */
  readonly foreignUser?: ForeignPrincipal;
  /** A service-linked role that reads what the key encrypts: its own policy names no key. */
  readonly reader?: string;
  /** Other accounts whose services use it for their resources. */
  readonly serviceAccounts?: readonly string[];
  /** The only role that may disable it, delete it or change its policy, whatever others' policies say. */
  readonly guardian?: string;
  /** What else its policy says. */
  readonly statements?: readonly Statement[];
  readonly offsite?: boolean;
  readonly provider?: TerraformProvider;
}

/** What makes a key useless, or opens it. */
const endangering = [
  'kms:CreateGrant',
  'kms:DeleteImportedKeyMaterial',
  'kms:Disable*',
  'kms:PutKeyPolicy',
  'kms:ScheduleKeyDeletion',
];

const administration = [
  'kms:CancelKeyDeletion',
  'kms:CreateAlias',
  'kms:Delete*',
  'kms:Describe*',
  'kms:Disable*',
  'kms:Enable*',
  'kms:Get*',
  'kms:List*',
  'kms:Put*',
  'kms:Revoke*',
  'kms:RotateKeyOnDemand',
  'kms:ScheduleKeyDeletion',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:Update*',
];
const use = [
  'kms:Encrypt',
  'kms:Decrypt',
  'kms:ReEncrypt*',
  'kms:GenerateDataKey*',
  'kms:DescribeKey',
];

/**
 * A customer's KMS key with yearly rotation. Its policy separates those who administer from those who
 * use it: the account's IAM policies can grant administration only, use goes through named services.
 * Administration lacks `kms:CreateGrant`, by which an administrator could let himself decrypt.
 */
export class CustomerKey extends Construct {
  readonly arn: string;
  readonly keyId: string;

  constructor(scope: Construct, id: string, config: CustomerKeyConfig) {
    super(scope, id);
    const stack = stackOf(this);
    const provider = config.provider ? { provider: config.provider } : {};
    const key = new KmsKey(this, 'key', {
      ...provider,
      description: config.description,
      enableKeyRotation: true,
      rotationPeriodInDays: 365,
      deletionWindowInDays: 30,
      policy: policyDocument(...this.#statements(config)),
      lifecycle: { preventDestroy: stack.environment.data.preventDestroy },
    });
    new KmsAlias(this, 'alias', {
      ...provider,
      name: `alias/${stack.named(this.node.path.replaceAll('/', '-'))}`,
      targetKeyId: key.keyId,
    });
    this.arn = key.arn;
    this.keyId = key.keyId;
  }

  #statements(config: CustomerKeyConfig): Statement[] {
    const stack = stackOf(this);
    const region = config.offsite ? stack.environment.offsite.region : stack.environment.region;
    const account = config.offsite ? stack.offsiteAccount : stack.environment.account;
    const { domain } = stack.partition;
    const resources = ['*'];
    const root = { AWS: stack.arn('iam', 'root', { region: '', account }) };
    const statements: Statement[] = [
      { sid: 'Administer', principal: root, actions: administration, resources },
    ];
    if (config.viaServices?.length)
      statements.push({
        sid: 'UseThroughServices',
        principal: root,
        actions: [...use, 'kms:CreateGrant'],
        resources,
        conditions: {
          StringEquals: {
            'kms:CallerAccount': account,
            'kms:ViaService': config.viaServices.map((name) => `${name}.${region}.${domain}`),
          },
        },
      });
    if (config.logGroups)
      statements.push({
        sid: 'EncryptLogGroups',
        principal: { Service: `logs.${region}.${domain}` },
        actions: use,
        resources,
        conditions: {
          ArnLike: {
            'kms:EncryptionContext:aws:logs:arn': stack.arn('logs', 'log-group:*', {
              region,
              account,
            }),
          },
        },
      });
    if (config.foreignWriter)
      statements.push({
        ...foreignStatement(config.foreignWriter),
        sid: 'EncryptFromOtherAccount',
        actions: ['kms:Encrypt', 'kms:GenerateDataKey*'],
        resources,
      });
    if (config.foreignUser) {
      const { principal, conditions } = foreignStatement(config.foreignUser);
      statements.push({
        principal,
        sid: 'UseFromOtherAccount',
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources,
        conditions: {
          ...conditions,
          StringEquals: { 'kms:ViaService': `s3.${region}.${domain}` },
        },
      });
    }
    if (config.services?.length)
      statements.push({
        sid: 'UseByServices',
        principal: { Service: config.services },
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
        resources,
        conditions: {
          StringEquals: {
            'aws:SourceAccount': config.serviceAccounts
              ? [account, ...config.serviceAccounts]
              : account,
          },
        },
      });
    if (config.reader)
      statements.push({
        // AWS refuses a policy that names a role which does not exist yet.
        sid: 'ReadByServiceRole',
        principal: '*',
        actions: ['kms:Decrypt'],
        resources,
        conditions: {
          StringEquals: { 'kms:CallerAccount': account },
          ArnEquals: { 'aws:PrincipalArn': config.reader },
        },
      });
    if (config.guardian)
      statements.push({
        sid: 'DenyEndangering',
        effect: 'Deny',
        principal: '*',
        actions: endangering,
        resources,
        conditions: { ArnNotEquals: { 'aws:PrincipalArn': config.guardian } },
      });
    return [...statements, ...(config.statements ?? [])];
  }
}
