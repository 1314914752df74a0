import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attemptRun } from '../../backup-agent/daemon/attempt-run.ts';
import { HoldfastError } from '../../backup-agent/errors/holdfast-error.ts';

test('whatever an agent logs in a run names run, job and kind', async () => {
  const events: object[] = [];
  const keep = (details: object, message: string) => void events.push({ ...details, message });
  const about = { run: 'r', job: 'crm', kind: 'full' };
  const ending = await attemptRun(
    { job: 'crm', kind: 'full' },
    {
      id: 'r',
      openAgent: async (log) => {
        log.warn({ slot: 's' }, 'the slot keeps much');
        throw new HoldfastError('storage-full', 'no room');
      },
      signal: new AbortController().signal,
      log: { debug: keep, info: keep, warn: keep, error: keep },
      now: () => new Date('2026-11-28T00:00:00Z'),
      observers: [],
    },
  );
  const error = { code: 'storage-full', message: 'no room' };
  assert.deepEqual(events, [
    { ...about, message: 'run started' },
    { ...about, slot: 's', message: 'the slot keeps much' },
    { ...about, durationMs: 0, ending, error, message: 'run ended: no room' },
  ]);
});
