import type { Notifications } from '../../../contracts/notifications.ts';
import type { SecretReference } from '../../../contracts/secret.ts';
import { createEmail } from './email.ts';
import type { Channel } from './message.ts';
import { createSns } from './sns.ts';
import { createWebhook } from './webhook.ts';

export interface ChannelOptions {
  readonly secret: (reference: SecretReference) => Promise<string>;
  readonly now: () => Date;
  readonly timeoutMs?: number;
}

const usualTimeoutMs = 10_000;

/** The channels of a configuration; secrets are read anew for each message. */
export function createChannels(
  { channels }: Pick<Notifications, 'channels'>,
  { secret, now, timeoutMs = usualTimeoutMs }: ChannelOptions,
): Channel[] {
  return Object.entries(channels).map(([name, configuration]) => {
    if (configuration.type === 'email') {
      const { password } = configuration;
      return createEmail({
        name,
        configuration,
        timeoutMs,
        ...(password ? { password: () => secret(password) } : {}),
      });
    }
    if (configuration.type === 'sns') return createSns({ name, configuration, timeoutMs });
    const { url, template, secret: signing } = configuration;
    return createWebhook({
      name,
      template,
      url: () => secret(url),
      now,
      timeoutMs,
      ...(signing ? { secret: () => secret(signing) } : {}),
    });
  });
}
