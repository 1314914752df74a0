import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyBackups } from '../../backup-agent/operations/copy.ts';
import { run, scenario } from './support/scenario.ts';

test('a copy says how far it lay behind, and how far it still does', async () => {
  await using s = await scenario();
  const copy = () => copyBackups(s.agent, 'crm', 'offsite', run);
  const first = await s.backup('full');
  assert.deepEqual((await copy()).lagMs, { after: 0 });
  const second = await s.backup('incremental');
  const behind = Date.parse(second.point.time) - Date.parse(first.point.time);
  assert.ok(behind > 0);
  assert.deepEqual((await copy()).lagMs, { before: behind, after: 0 });
  const { copied, lagMs } = await copy();
  assert.deepEqual([copied.length, lagMs], [0, { before: 0, after: 0 }]);
});
