import type { ChannelConfiguration } from '../../../contracts/notifications.ts';
import { subjectOf, type Channel } from './message.ts';

type EmailConfiguration = Extract<ChannelConfiguration, { type: 'email' }>;

export interface EmailOptions {
  readonly name: string;
  readonly configuration: EmailConfiguration;
  readonly password?: () => Promise<string>;
  readonly timeoutMs: number;
}

/** One plain-text message to all addresses, over a connection of its own. */
export function createEmail({ name, configuration, password, timeoutMs }: EmailOptions): Channel {
  const { host, port, encryption, user, from, to } = configuration;
  return {
    name,
    async send(message) {
      const pass = await password?.();
      const { createTransport } = await import('nodemailer');
      const transport = createTransport({
        host,
        port,
        secure: encryption === 'tls',
        requireTLS: encryption === 'starttls',
        ignoreTLS: encryption === 'none',
        connectionTimeout: timeoutMs,
        greetingTimeout: timeoutMs,
        socketTimeout: timeoutMs,
        ...(user !== undefined && pass !== undefined ? { auth: { user, pass } } : {}),
      });
      try {
        const text = `${message.text}\n\n${message.at.toISOString()}\n`;
        await transport.sendMail({ from, to, subject: subjectOf(message), text });
      } catch (error) {
        throw new Error(`${name}: ${codeOf(error)}`, { cause: error });
      } finally {
        transport.close();
      }
    },
  };
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) return `not sent (${String(error.code)})`;
  return 'not sent';
}
