import assert from 'node:assert/strict';
import { test } from 'node:test';
import { daemon } from '../../contracts/daemon.ts';
import { isQuietFor } from '../../backup-agent/daemon/quiet-hours.ts';

const read = (window: object) => daemon.parse({ quietHours: [window] }).quietHours;

test('a window is local, belongs to the day it begins on, and spares incrementals', () => {
  const night = read({ from: '22:00', until: '06:00', days: ['fri'] });
  const at = (time: string, kind: 'full' | 'incremental' = 'full') =>
    isQuietFor({ kind, timeZone: 'Asia/Shanghai' }, night, new Date(time));
  // 2026-11-27 is a Friday; Shanghai is eight hours ahead of UTC.
  assert.equal(at('2026-11-27T13:59:00Z'), false);
  assert.equal(at('2026-11-27T14:00:00Z'), true);
  assert.equal(at('2026-11-27T21:59:00Z'), true, 'Saturday, 05:59, of Friday’s window');
  assert.equal(at('2026-11-27T22:00:00Z'), false);
  assert.equal(at('2026-11-28T14:00:00Z'), false, 'Saturday');
  assert.equal(at('2026-11-26T17:00:00Z'), false, 'Friday, 01:00, would be of Thursday’s');
  assert.equal(at('2026-11-27T14:00:00Z', 'incremental'), false);
});

test('kinds can be chosen; a window of the whole day or of no such time is refused', () => {
  const drills = read({ from: '08:00', until: '18:00', kinds: ['drill'] });
  const noon = new Date('2026-11-27T12:00:00Z');
  assert.equal(isQuietFor({ kind: 'drill', timeZone: 'UTC' }, drills, noon), true);
  assert.equal(isQuietFor({ kind: 'full', timeZone: 'UTC' }, drills, noon), false);
  assert.throws(() => read({ from: '08:00', until: '08:00' }), /whole day/);
  assert.throws(() => read({ from: '8:00', until: '18:00' }), /such as 08:30/);
  assert.throws(() => read({ from: '08:00', until: '18:00', kinds: ['incremental'] }));
});
