import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Channel, Message } from '../../../backup-agent/daemon/notify/message.ts';
import { Notifier, type Broken } from '../../../backup-agent/daemon/notify/notifier.ts';
import { silentLog } from '../../support/in-memory-backup.ts';

const hourMs = 3_600_000;

function keeping(name: string, fails: () => boolean = () => false) {
  const told: string[] = [];
  const channel: Channel = {
    name,
    async send({ state, text }: Message) {
      if (fails()) throw new Error(`${name}: answered 500`);
      told.push(`${state}: ${text}`);
    },
  };
  return { channel, told };
}

function notifierOf(
  channels: readonly Channel[],
  options: Partial<ConstructorParameters<typeof Notifier>[0]> = {},
) {
  const state = { ms: Date.parse('2026-11-23T00:00:00Z'), saved: new Map<string, Broken>() };
  const make = () =>
    new Notifier({
      channels,
      rules: [],
      remindEveryMs: 24 * hourMs,
      now: () => new Date(state.ms),
      log: silentLog,
      broken: state.saved,
      save: async (broken) => void (state.saved = new Map(broken)),
      ...options,
    });
  return { state, make };
}

const broken = { job: 'crm', severity: 'critical', problem: 'no space' } as const;
const well = { job: 'crm', severity: 'critical' } as const;

describe('notifications', () => {
  test('tell a change once, remind at intervals, and say when it healed, through restarts too', async () => {
    const { channel, told } = keeping('a');
    const { state, make } = notifierOf([channel]);
    for (let hour = 0; hour < 30; hour++) {
      const notifier = make();
      notifier.observe('crm full', broken);
      await notifier.settled();
      state.ms += hourMs;
    }
    const notifier = make();
    for (let again = 0; again < 3; again++) notifier.observe('crm full', well);
    await notifier.settled();
    assert.deepEqual(told, [
      'broken: crm full: no space',
      'reminder: crm full: no space',
      'healed: crm full: all is well',
    ]);
  });

  test('tell at once when something gets worse', async () => {
    const { channel, told } = keeping('a');
    const notifier = notifierOf([channel]).make();
    notifier.observe('crm rpo', { severity: 'warning', problem: 'at risk' });
    notifier.observe('crm rpo', { severity: 'critical', problem: 'breached' });
    notifier.observe('crm rpo', { severity: 'warning', problem: 'at risk' });
    await notifier.settled();
    assert.deepEqual(told, ['broken: crm rpo: at risk', 'broken: crm rpo: breached']);
  });

  test('go where the rules send them', async () => {
    const chat = keeping('chat');
    const pager = keeping('pager');
    const rules = [
      { channels: ['chat'], severity: 'warning' as const },
      { channels: ['pager'], severity: 'critical' as const, jobs: ['crm'] },
    ];
    const notifier = notifierOf([chat.channel, pager.channel], { rules }).make();
    notifier.observe('crm full', broken);
    notifier.observe('crm rpo', { job: 'crm', severity: 'warning', problem: 'at risk' });
    notifier.observe('other full', { ...broken, job: 'other' });
    await notifier.settled();
    assert.equal(chat.told.length, 3);
    assert.deepEqual(pager.told, ['broken: crm full: no space']);
  });

  test('about a dead channel go through the others, once, and again when it lives', async () => {
    let dead = true;
    const chat = keeping('chat', () => dead);
    const mail = keeping('mail');
    const rules = [{ channels: ['chat'], severity: 'warning' as const }];
    const notifier = notifierOf([chat.channel, mail.channel], { rules }).make();
    notifier.observe('crm full', broken);
    notifier.observe('crm copy', broken);
    await notifier.settled();
    dead = false;
    notifier.observe('crm full', well);
    await notifier.settled();
    assert.deepEqual(mail.told, [
      'broken: channel chat: chat: answered 500',
      'healed: channel chat: all is well',
    ]);
    assert.deepEqual(chat.told, ['healed: crm full: all is well']);
  });

  test('never fail whoever reports, even when all channels are dead and nothing can be saved', async () => {
    const chat = keeping('chat', () => true);
    const notifier = notifierOf([chat.channel], {
      save: () => Promise.reject(new Error('disk full')),
    }).make();
    notifier.observe('crm full', broken);
    await notifier.settled();
  });
});
