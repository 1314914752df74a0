import type { SNSClientConfig } from '@aws-sdk/client-sns';
import type { ChannelConfiguration } from '../../../contracts/notifications.ts';
import { subjectOf, type Channel, type Message } from './message.ts';

export interface SnsOptions {
  readonly name: string;
  readonly configuration: Extract<ChannelConfiguration, { type: 'sns' }>;
  readonly timeoutMs: number;
  /** Credentials: left out, as the AWS SDK finds them. */
  readonly client?: SNSClientConfig;
}

/**
 * Publishes to a topic of Amazon SNS, with state, severity and job as attributes that subscriptions
 * can filter by. The SDK is loaded only when there is something to send.
 */
export function createSns({ name, configuration, timeoutMs, client }: SnsOptions): Channel {
  const { topicArn, endpoint, profile } = configuration;
  return {
    name,
    async send(message) {
      const { PublishCommand, SNSClient } = await import('@aws-sdk/client-sns');
      const region = topicArn.split(':')[3] ?? '';
      const sns = new SNSClient({
        region,
        maxAttempts: 2,
        ...(endpoint === undefined ? {} : { endpoint }),
        ...(profile === undefined ? {} : { profile }),
        ...client,
      });
      const abortSignal = AbortSignal.timeout(timeoutMs);
      try {
        await sns.send(
          new PublishCommand({
            TopicArn: topicArn,
            Subject: subjectFor(message),
            Message: `${message.text}\n\n${message.at.toISOString()}\n`,
            MessageAttributes: attributesOf(message),
          }),
          { abortSignal },
        );
      } catch (error) {
        const reason = abortSignal.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(error);
        throw new Error(`${name}: ${reason}`, { cause: error });
      } finally {
        sns.destroy();
      }
    },
  };
}

/** https://docs.aws.amazon.com/sns/latest/api/API_Publish.html: ASCII without line breaks, under 100. */
function subjectFor(message: Message): string {
  return subjectOf(message)
    .replaceAll(/[^ -~]+/g, '?')
    .slice(0, 99);
}

function attributesOf({ state, severity, job }: Message) {
  const text = (StringValue: string) => ({ DataType: 'String', StringValue });
  return {
    state: text(state),
    severity: text(severity),
    ...(job === undefined ? {} : { job: text(job) }),
  };
}

/** AWS's name for a refusal; a message may quote what was sent. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'not sent';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return `not sent (${code})`;
}
