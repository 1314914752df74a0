import { SnsTopicPolicy } from '@cdktf/provider-aws/lib/sns-topic-policy/index.js';
import { SnsTopicSubscription } from '@cdktf/provider-aws/lib/sns-topic-subscription/index.js';
import { SnsTopic } from '@cdktf/provider-aws/lib/sns-topic/index.js';
import { Construct } from 'constructs';
import { stackOf } from '../lib/environment-stack.ts';
import { policyDocument } from '../lib/policy-document.ts';
import { CustomerKey } from './customer-key.ts';

/** Who may publish, besides the account's own principals. */
const publishers = [
  'cloudwatch.amazonaws.com',
  'events.amazonaws.com',
  'events.rds.amazonaws.com',
] as const;

/** An encrypted topic that AWS's alarms and events reach, and that mails a contact. */
export class NoticeTopic extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, { email }: { email: string }) {
    super(scope, id);
    const stack = stackOf(this);
    const key = new CustomerKey(this, 'key', {
      description: `Encrypts the notices of ${id}`,
      services: publishers,
    });
    const topic = new SnsTopic(this, 'topic', {
      name: stack.named(id),
      kmsMasterKeyId: key.keyId,
    });
    this.arn = topic.arn;
    new SnsTopicPolicy(this, 'policy', {
      arn: topic.arn,
      policy: policyDocument({
        sid: 'PublishFromOwnAccount',
        principal: { Service: publishers },
        actions: ['sns:Publish'],
        resources: [stack.arn('sns', stack.named(id))],
        conditions: { StringEquals: { 'aws:SourceAccount': stack.environment.account } },
      }),
    });
    new SnsTopicSubscription(this, 'mail', {
      topicArn: topic.arn,
      protocol: 'email',
      endpoint: email,
    });
  }
}
