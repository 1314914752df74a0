import { Construct } from 'constructs';
import { CustomerKey } from '../constructs/customer-key.ts';
import { NoticeTopic } from '../constructs/notice-topic.ts';
import { breakGlassRole } from '../identity/boundaries.ts';
import { stackOf } from '../lib/environment-stack.ts';

const publishers = [
  'budgets.amazonaws.com',
  'cloudwatch.amazonaws.com',
  'costalerts.amazonaws.com',
  'events.amazonaws.com',
];

/** Whom alarms and findings reach: what cannot wait both contacts, the rest the security contact. */
export class Notices extends Construct {
  readonly urgent: NoticeTopic;
  readonly routine: NoticeTopic;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const stack = stackOf(this);
    const { operations, security } = stack.environment.contacts;
    const guardian = breakGlassRole(stack);
    const key = new CustomerKey(this, 'encryption', {
      description: 'Encrypts the notices of alarms and findings',
      services: publishers,
      guardian,
    });
    const common = { email: security, publishers, key, guardian };
    this.urgent = new NoticeTopic(this, 'audit-urgent', {
      ...common,
      // SNS keeps one subscription an address.
      ...(operations === security ? {} : { secondEmail: operations }),
    });
    this.routine = new NoticeTopic(this, 'audit-routine', common);
  }
}
