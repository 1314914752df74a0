import { createHmac } from 'node:crypto';
import type { WebhookTemplate } from '../../../contracts/notifications.ts';
import { subjectOf, type Channel, type Message } from './message.ts';

export interface WebhookOptions {
  readonly name: string;
  readonly template: WebhookTemplate;
  readonly url: () => Promise<string>;
  readonly secret?: () => Promise<string>;
  readonly now: () => Date;
  readonly timeoutMs: number;
}

/**
 * Posts JSON in the receiver's form. With a secret, each request is signed: for DingTalk in the address
 * as its robots want it, else in `Holdfast-Signature: t=<seconds>,v1=<HMAC-SHA-256 of "t.body", hex>`.
 */
export function createWebhook(options: WebhookOptions): Channel {
  const { name, template, now, timeoutMs } = options;
  return {
    name,
    async send(message) {
      const body = JSON.stringify(bodies[template](message));
      const secret = await options.secret?.();
      const address = new URL(await options.url());
      const headers: Record<string, string> = { 'content-type': 'application/json' };
      if (secret !== undefined && template === 'dingtalk') signAddress(address, secret, now());
      else if (secret !== undefined) headers['holdfast-signature'] = signature(body, secret, now());
      await post(name, address, { body, headers, timeoutMs });
    },
  };
}

const bodies: Record<WebhookTemplate, (message: Message) => object> = {
  json: (message) => ({ ...message, subject: subjectOf(message), at: message.at.toISOString() }),
  slack: (message) => ({ text: `*${subjectOf(message)}*\n${message.text}` }),
  // https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
  teams: (message) => ({
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        content: {
          type: 'AdaptiveCard',
          version: '1.4',
          body: [
            { type: 'TextBlock', weight: 'Bolder', text: subjectOf(message), wrap: true },
            { type: 'TextBlock', text: message.text, wrap: true },
          ],
        },
      },
    ],
  }),
  // https://developer.work.weixin.qq.com/document/path/91770
  wecom: (message) => ({
    msgtype: 'text',
    text: { content: `${subjectOf(message)}\n${message.text}` },
  }),
  // https://open.dingtalk.com/document/robots/custom-robot-access
  dingtalk: (message) => ({
    msgtype: 'text',
    text: { content: `${subjectOf(message)}\n${message.text}` },
  }),
};

function signature(body: string, secret: string, now: Date): string {
  const seconds = Math.floor(now.getTime() / 1_000);
  const mac = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${mac}`;
}

function signAddress(address: URL, secret: string, now: Date): void {
  const timestamp = now.getTime();
  const mac = createHmac('sha256', secret).update(`${timestamp}\n${secret}`).digest('base64');
  address.searchParams.set('timestamp', String(timestamp));
  address.searchParams.set('sign', mac);
}

interface Post {
  readonly body?: string;
  readonly headers?: Record<string, string>;
  readonly timeoutMs: number;
}

/** Throws with the channel's name and the reason, never with the address: it is a secret. */
export async function post(
  name: string,
  address: URL,
  { timeoutMs, ...init }: Post,
): Promise<void> {
  let response: Response;
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    response = await fetch(address, { method: 'POST', redirect: 'error', signal, ...init });
  } catch (error) {
    const timedOut = error instanceof Error && error.name === 'TimeoutError';
    const reason = timedOut ? `no answer within ${timeoutMs} ms` : reasonOf(error);
    // Its cause may quote the address.
    // oxlint-disable-next-line eslint/preserve-caught-error
    throw new Error(`${name}: ${reason}`);
  }
  const text = await response.text();
  if (!response.ok) throw new Error(`${name}: answered ${response.status}`);
  const refused = refusalIn(text);
  if (refused !== undefined) throw new Error(`${name}: refused with errcode ${refused}`);
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && 'code' in cause) return `cannot be reached (${String(cause.code)})`;
  return 'cannot be reached';
}

/** WeCom and DingTalk answer 200 to what they refuse, and say so in the body. */
function refusalIn(text: string): number | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer !== 'object' || answer === null || !('errcode' in answer)) return undefined;
    return answer.errcode === 0 ? undefined : Number(answer.errcode);
  } catch {
    return undefined;
  }
}
