import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { mailText, startHttp, startSmtp, startSns } from '../daemon/notify/receivers.ts';
import { editConfiguration, startFastDaemon } from '../daemon/support.ts';
import { testInstallation, type TestInstallation } from '../support/installation.ts';

let installation: TestInstallation;
before(async () => {
  installation = await testInstallation(1);
});
after(() => installation[Symbol.asyncDispose]());

/** New files, as a team adds them: text that compresses well. */
async function work(day: number): Promise<void> {
  const { folder } = installation.crm;
  await mkdir(join(folder, String(day)), { recursive: true });
  for (let n = 0; n < 4; n += 1)
    await writeFile(
      join(folder, String(day), `${n}.txt`),
      `minutes of day ${day}, ${n}\n`.repeat(20_000),
    );
}

test('attachments that were encrypted make the backup suspicious; the last good one is held', async () => {
  const { run, crm } = installation;
  assert.equal((await run('backup', 'crm-attachments')).exitCode, 0);
  let lastGood = '';
  for (let day = 1; day <= 5; day += 1) {
    await work(day);
    const { exitCode, stdout, stderr } = await run('backup', 'crm-attachments');
    assert.equal(exitCode, 0, stderr);
    assert.doesNotMatch(stderr, /SUSPICIOUS/);
    lastGood = stdout.trim();
  }
  for (const entry of await readdir(crm.folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) {
      const file = join(entry.parentPath, entry.name);
      const { length } = await readFile(file);
      await rm(file);
      await writeFile(`${file}.locked`, randomBytes(length));
    }
  const { exitCode, stderr } = await run('backup', 'crm-attachments');
  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, /SUSPICIOUS: .*its content may have been encrypted/);
  assert.match(stderr, new RegExp(`the last good one, ${lastGood}, is held`));
  const log = await run('log', 'crm-attachments');
  assert.match(log.stdout, new RegExp(`hold +${lastGood}: the backup \\S+ is suspicious`));
});

test('the daemon tells people of it by webhook, mail and SNS, though the backup was taken', async () => {
  const { configFile, crm } = installation;
  await using http = await startHttp();
  await using sns = await startSns();
  await using smtp = await startSmtp();
  await editConfiguration(configFile, (configuration) => {
    const { port } = smtp;
    const from = 'holdfast@example.org';
    configuration.notifications = {
      channels: {
        chat: { type: 'webhook', url: { env: 'CHAT_URL' } },
        mail: { type: 'email', host: '127.0.0.1', port, encryption: 'none', from, to: [from] },
        pager: {
          type: 'sns',
          topicArn: 'arn:aws:sns:eu-central-1:123456789012:backups',
          endpoint: sns.url,
        },
      },
    };
    configuration.jobs['crm-attachments'].schedules = { incremental: '* * * * *' };
  });
  await writeFile(join(crm.folder, 'more.locked'), randomBytes(4 * 2 ** 20));
  await using daemon = startFastDaemon(configFile, new Date(), 30, {
    CHAT_URL: http.url,
    AWS_ACCESS_KEY_ID: 'AKIATEST',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
  const { result } = await daemon.seen(
    ({ job, ending }) => job === 'crm-attachments' && ending !== undefined,
  );
  assert.match(result?.summary ?? '', /SUSPICIOUS/);
  // People hear of other things too, of a busy machine's missed objectives for one.
  const webhook = await told(http.received, ({ body }) => JSON.parse(body).text);
  const mail = await told(smtp.mails, mailText);
  const messageOf = (body: string) => new URLSearchParams(body).get('Message') ?? '';
  await told(sns.received, ({ body }) => messageOf(body));
  daemon.signal('SIGTERM');
  await daemon.ended;
  const { state, severity, job } = JSON.parse(webhook.body);
  assert.equal(`${state} ${severity} ${job}`, 'broken critical crm-attachments');
  assert.match(mail, /^Subject: Holdfast crm-attachments: broken critical\r$/m);
});

/** The first message that tells of the suspicious backup, once it is there. */
async function told<Message>(
  messages: readonly Message[],
  textOf: (message: Message) => string,
): Promise<Message> {
  const tells = /is SUSPICIOUS: .*encrypted.*; the last good one, \d{8}T\S+, is held/s;
  for (;;) {
    const found = messages.find((message) => tells.test(textOf(message)));
    if (found !== undefined) return found;
    await delay(50);
  }
}

test('a single run of it ends badly; limits can be switched off', async () => {
  const { run, configFile, crm } = installation;
  await writeFile(join(crm.folder, 'still-more.locked'), randomBytes(4 * 2 ** 20));
  const single = await run('run', 'crm-attachments', '--kind', 'incremental');
  assert.match(single.stdout + single.stderr, /SUSPICIOUS/);
  assert.notEqual(single.exitCode, 0);
  await editConfiguration(configFile, ({ jobs }) => {
    jobs['crm-attachments'].anomalies = false;
  });
  await writeFile(join(crm.folder, 'again.locked'), randomBytes(4 * 2 ** 20));
  const { exitCode, stderr } = await run('backup', 'crm-attachments');
  assert.equal(exitCode, 0);
  assert.doesNotMatch(stderr, /SUSPICIOUS/);
});
