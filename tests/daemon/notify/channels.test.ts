import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import { webhookTemplates } from '../../../contracts/notifications.ts';
import { createEmail } from '../../../backup-agent/daemon/notify/email.ts';
import type { Message } from '../../../backup-agent/daemon/notify/message.ts';
import { createWebhook } from '../../../backup-agent/daemon/notify/webhook.ts';
import { createSns } from '../../../backup-agent/daemon/notify/sns.ts';
import { mailText, startHttp, startSmtp, startSns } from './receivers.ts';

const at = new Date('2026-11-23T12:00:00.000Z');
const message: Message = {
  state: 'broken',
  severity: 'critical',
  job: 'crm-database',
  text: 'crm-database rpo: "数据库"\nsecond line 🔥',
  at,
};

function webhook(url: string, template: (typeof webhookTemplates)[number], secret?: string) {
  return createWebhook({
    name: 'chat',
    template,
    url: async () => url,
    now: () => at,
    timeoutMs: 500,
    ...(secret === undefined ? {} : { secret: async () => secret }),
  });
}

describe('a webhook', () => {
  test('speaks the form of each receiver', async () => {
    await using http = await startHttp();
    for (const template of webhookTemplates) await webhook(http.url, template).send(message);
    const [json, slack, teams, wecom, dingtalk] = http.received.map(({ body }) => JSON.parse(body));
    assert.equal(json.state, 'broken');
    assert.equal(json.text, message.text);
    assert.match(slack.text, /crm-database: broken critical\*\n/);
    assert.equal(teams.attachments[0].content.body[1].text, message.text);
    for (const robot of [wecom, dingtalk]) {
      assert.equal(robot.msgtype, 'text');
      assert.ok(robot.text.content.endsWith(message.text));
    }
  });

  test('signs the time and the body, so that a receiver can tell ours from others', async () => {
    await using http = await startHttp();
    await webhook(http.url, 'json', 'shared').send(message);
    const [request] = http.received;
    assert.ok(request);
    const { headers, body } = request;
    const seconds = at.getTime() / 1_000;
    const mac = createHmac('sha256', 'shared').update(`${seconds}.${body}`).digest('hex');
    assert.equal(headers['holdfast-signature'], `t=${seconds},v1=${mac}`);
  });

  test('signs the address for DingTalk as its robots verify it', async () => {
    await using http = await startHttp();
    await webhook(`${http.url}/robot/send?access_token=a`, 'dingtalk', 'SECk').send(message);
    const { searchParams } = new URL(http.received[0]?.path ?? '', http.url);
    const mac = createHmac('sha256', 'SECk').update(`${at.getTime()}\nSECk`).digest('base64');
    assert.equal(searchParams.get('sign'), mac);
    assert.equal(searchParams.get('timestamp'), String(at.getTime()));
    assert.equal(searchParams.get('access_token'), 'a');
  });

  test('fails without its address when the receiver hangs, refuses or answers an error', async () => {
    await using broken = await startHttp((_, response) => response.writeHead(500).end());
    await using hanging = await startHttp(() => undefined);
    await using refusing = await startHttp((_, response) => response.end('{"errcode":93000}'));
    const failures = [];
    for (const url of [broken.url, hanging.url, refusing.url, 'http://127.0.0.1:1'])
      failures.push(
        await webhook(`${url}/secret-path`, 'wecom')
          .send(message)
          .then(() => 'sent')
          .catch((error: unknown) => String(error)),
      );
    assert.deepEqual(failures, [
      'Error: chat: answered 500',
      'Error: chat: no answer within 500 ms',
      'Error: chat: refused with errcode 93000',
      failures[3],
    ]);
    assert.match(failures[3] ?? '', /^Error: chat: cannot be reached/);
  });
});

describe('SNS', () => {
  const topicArn = 'arn:aws:sns:eu-central-1:123456789012:backups';
  const sns = (endpoint: string) =>
    createSns({
      name: 'pager',
      configuration: { type: 'sns', topicArn, endpoint },
      timeoutMs: 1_000,
      client: { credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'test' } },
    });

  test('publishes with a subject, and attributes to filter by', async () => {
    await using http = await startSns();
    await sns(http.url).send({ ...message, job: 'crm-数据库' });
    const [request] = http.received;
    assert.match(request?.headers.authorization ?? '', /eu-central-1\/sns\/aws4_request/);
    const sent = new URLSearchParams(request?.body);
    assert.equal(sent.get('Action'), 'Publish');
    assert.equal(sent.get('TopicArn'), topicArn);
    assert.equal(sent.get('Subject'), 'Holdfast crm-?: broken critical');
    assert.ok(sent.get('Message')?.startsWith(message.text));
    const values = [...sent].filter(([key]) => key.endsWith('StringValue'));
    assert.deepEqual(
      values.map(([, value]) => value),
      ['broken', 'critical', 'crm-数据库'],
    );
  });

  test('fails by AWS’s name for it when it is refused, and in time when nobody answers', async () => {
    const refusal =
      '<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code><Message>no</Message></Error></ErrorResponse>';
    await using refusing = await startHttp((_, response) => response.writeHead(403).end(refusal));
    await assert.rejects(sns(refusing.url).send(message), /^Error: pager: not sent \(Authoriz/);
    await using hanging = await startHttp(() => undefined);
    await assert.rejects(sns(hanging.url).send(message), /^Error: pager: no answer within 1000 ms/);
    await assert.rejects(sns('http://127.0.0.1:1').send(message), /^Error: pager: not sent/);
  });
});

describe('e-mail', () => {
  const configuration = (port: number) => ({
    type: 'email' as const,
    host: '127.0.0.1',
    port,
    encryption: 'none' as const,
    from: 'holdfast@example.org',
    to: ['a@example.org', 'b@example.org'],
  });

  test('goes to every address, whatever characters it holds', async () => {
    await using smtp = await startSmtp();
    const channel = createEmail({
      name: 'mail',
      configuration: configuration(smtp.port),
      timeoutMs: 2_000,
    });
    await channel.send(message);
    const [mail = ''] = smtp.mails;
    assert.match(mail, /^Subject: Holdfast crm-database: broken critical\r$/m);
    assert.match(mail, /^To: a@example\.org, b@example\.org\r$/m);
    const text = mailText(mail);
    assert.ok(text.includes('数据库') && text.includes('🔥'), text);
  });

  test('is not sent in clear to a server that was to encrypt', async () => {
    await using smtp = await startSmtp();
    const channel = createEmail({
      name: 'mail',
      configuration: { ...configuration(smtp.port), encryption: 'starttls' },
      timeoutMs: 2_000,
    });
    await assert.rejects(channel.send(message), /mail: not sent/);
    assert.deepEqual(smtp.mails, []);
  });
});
