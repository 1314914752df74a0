import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { notifications } from '../../../contracts/notifications.ts';
import { attestationFindings } from '../../../backup-agent/daemon/notify/attestations.ts';
import { createNotifyObserver } from '../../../backup-agent/daemon/notify/notify-observer.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { startHttp } from './receivers.ts';
import { silentLog } from '../../support/in-memory-backup.ts';

const entry = (procedure: string, date: string, due: string): string =>
  `  - { procedure: ${procedure}, owner: security, date: ${date}, due: ${due}, link: https://wiki.example.com/${procedure} }\n`;

const found = async (file: string, now: string): Promise<string[]> =>
  (await attestationFindings(file, new Date(now))).map(
    ({ key, finding }) => `${key} ${finding.problem === undefined ? 'well' : finding.severity}`,
  );

test('what falls due is told two weeks before, and is critical once its last day is over', async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, 'attestations.yaml');
  await writeFile(
    file,
    `version: 1\nattestations:\n${entry('training', '2026-01-10', '2026-12-31')}${entry('training', '2025-01-10', '2026-01-01')}`,
  );
  const of = async (now: string) => (await found(file, now))[1];
  assert.equal(await of('2026-12-17T23:59:59Z'), 'procedure training well');
  assert.equal(await of('2026-12-18T00:00:00Z'), 'procedure training warning');
  assert.equal(await of('2026-12-31T23:59:59Z'), 'procedure training warning');
  assert.equal(await of('2027-01-01T00:00:00Z'), 'procedure training critical');
});

test('a file that is away, broken or holds bad entries is told, and the good entries still count', async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, 'attestations.yaml');
  const now = '2026-11-27T12:00:00Z';
  assert.deepEqual(await found(file, now), ['attestations warning']);
  for (const text of ['version: 2', 'a: [', '']) {
    await writeFile(file, text);
    assert.deepEqual(await found(file, now), ['attestations warning'], text);
  }
  await writeFile(
    file,
    `version: 1\nattestations:\n  - { procedure: training }\n${entry('access-review', '2026-08-01', '2026-10-30')}`,
  );
  assert.deepEqual(await found(file, now), [
    'attestations warning',
    'procedure access-review critical',
  ]);
});

test('the daemon says so to people, once, and that all is well after the next attestation', async () => {
  await using directory = await temporaryDirectory();
  await using receiver = await startHttp();
  const attestations = join(directory.path, 'attestations.yaml');
  const write = (...entries: string[]) =>
    writeFile(attestations, `version: 1\nattestations:\n${entries.join('')}`);
  await write(entry('access-review', '2026-08-01', '2026-11-20'));
  const observer = await createNotifyObserver({
    notifications: notifications.parse({
      channels: { team: { type: 'webhook', url: { env: 'URL' } } },
    }),
    attestations,
    stateDirectory: directory.path,
    now: () => new Date('2026-11-27T12:00:00Z'),
    secret: async () => receiver.url,
    log: silentLog,
  });
  const status = { at: '2026-11-27T12:00:00.000Z', state: 'met' as const, jobs: [] };
  observer.status(status);
  await observer.settled();
  observer.status(status);
  await observer.settled();
  await write(entry('access-review', '2026-11-26', '2027-02-20'));
  observer.status(status);
  await observer.settled();
  const texts = receiver.received.map(({ body }) => JSON.parse(body) as Record<string, string>);
  assert.deepEqual(
    texts.map(({ state, severity, text }) => `${state} ${severity} ${text}`),
    [
      'broken critical procedure access-review: was due by 2026-11-20 (security; last record: https://wiki.example.com/access-review)',
      'healed critical procedure access-review: all is well',
    ],
  );
});
