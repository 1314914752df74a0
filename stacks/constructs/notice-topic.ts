import { SnsTopicPolicy } from '@cdktf/provider-aws/lib/sns-topic-policy/index.js';
import { SnsTopicSubscription } from '@cdktf/provider-aws/lib/sns-topic-subscription/index.js';
import { SnsTopic } from '@cdktf/provider-aws/lib/sns-topic/index.js';
import { Construct } from 'constructs';
import { stackOf } from '../lib/environment-stack.ts';
import { policyDocument, type Statement } from '../lib/policy-document.ts';
import { CustomerKey } from './customer-key.ts';

/** Who may publish, besides the account's own principals. */
const usualPublishers = [
  'cloudwatch.amazonaws.com',
  'events.amazonaws.com',
  'events.rds.amazonaws.com',
] as const;

export interface NoticeTopicConfig {
  /** Whom it mails; nobody without it, for what other programs read. */
  readonly email?: string;
  /** Another address that gets the same. */
  readonly secondEmail?: string;
  /** The services that publish; alarms and events without it. */
  readonly publishers?: readonly string[];
  /** A key that these services may use; one of its own without it. */
  readonly key?: CustomerKey;
  /** In the off-site region, whose alarms reach no other. */
  readonly offsite?: boolean;
  /** The only role that may delete the topic or change who hears it. */
  readonly guardian?: string;
}

/** An encrypted topic that AWS's alarms and events reach, and that mails a contact. */
export class NoticeTopic extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, config: NoticeTopicConfig) {
    super(scope, id);
    const stack = stackOf(this);
    const publishers = config.publishers ?? usualPublishers;
    const { environment, offsiteAccount } = stack;
    const region = config.offsite ? environment.offsite.region : environment.region;
    const account = config.offsite ? offsiteAccount : environment.account;
    const on = config.offsite ? { provider: stack.offsite } : {};
    const key =
      config.key ??
      new CustomerKey(this, 'key', {
        description: `Encrypts the notices of ${id}`,
        services: publishers,
        ...(config.offsite ? { ...on, offsite: true } : {}),
      });
    const topic = new SnsTopic(this, 'topic', {
      ...on,
      name: stack.named(id),
      kmsMasterKeyId: key.keyId,
    });
    this.arn = topic.arn;
    const resources = [stack.arn('sns', stack.named(id), { region, account })];
    new SnsTopicPolicy(this, 'policy', {
      ...on,
      arn: topic.arn,
      policy: policyDocument(
        {
          sid: 'PublishFromOwnAccount',
          principal: { Service: publishers },
          actions: ['sns:Publish'],
          resources,
          conditions: { StringEquals: { 'aws:SourceAccount': account } },
        },
        ...(config.guardian ? [denyChanges(config.guardian, resources)] : []),
      ),
    });
    const mails = { mail: config.email, 'second-mail': config.secondEmail };
    for (const [name, endpoint] of Object.entries(mails))
      if (endpoint)
        new SnsTopicSubscription(this, name, {
          ...on,
          topicArn: topic.arn,
          protocol: 'email',
          endpoint,
        });
  }
}

function denyChanges(guardian: string, resources: readonly string[]): Statement {
  return {
    sid: 'DenyChanges',
    effect: 'Deny',
    principal: '*',
    actions: [
      'sns:AddPermission',
      'sns:DeleteTopic',
      'sns:RemovePermission',
      'sns:SetTopicAttributes',
      'sns:Subscribe',
    ],
    resources,
    conditions: { ArnNotEquals: { 'aws:PrincipalArn': guardian } },
  };
}
