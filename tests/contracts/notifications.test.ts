import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configuration } from '../../contracts/configuration.ts';

test('rules and heartbeats that name channels or jobs which do not exist are refused', () => {
  const parsed = configuration.safeParse({
    version: 1,
    repositories: { primary: { type: 'local', path: 'p' } },
    keys: {
      recipients: ['age1qqqqqqqq'],
      metadataIdentity: { file: 'm' },
      trusted: [{ role: 'writer', publicKey: 'MCow', validFrom: '2026-01-01T00:00:00Z' }],
    },
    jobs: {
      crm: {
        source: { type: 'files', path: 'f' },
        repository: 'primary',
        retention: { keepLast: 1 },
      },
    },
    notifications: {
      channels: { chat: { type: 'webhook', url: { env: 'CHAT' } } },
      rules: [
        { channels: ['chat'], jobs: ['crm'] },
        { channels: ['chta'], jobs: ['crn'] },
      ],
      heartbeats: [
        { job: 'crm', url: { env: 'BEAT' } },
        { job: 'cmr', url: { env: 'BEAT' } },
      ],
    },
  });
  assert.deepEqual(
    parsed.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`),
    [
      'notifications.rules.1.channels.0: names channel `chta`, which does not exist (there are: chat)',
      'notifications.rules.1.jobs.0: names job `crn`, which does not exist (there are: crm)',
      'notifications.heartbeats.1.job: names job `cmr`, which does not exist (there are: crm)',
    ],
  );
});
