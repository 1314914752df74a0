import type { StorageForecast } from '../../operations/forecast.ts';
import { formatBytes, formatDuration } from './format.ts';

export function renderForecast(forecast: StorageForecast): string {
  const { job, repository, storedBytes, locking, locks } = forecast;
  const now = `${job} in ${repository}: ${formatBytes(storedBytes)} stored`;
  if (!locks) return `${now}; no backup of the last 30 days, so there is no rate to go by`;
  const { lockMs, bytesPerDay, lockedBytes } = locks;
  const rate = `${formatBytes(Math.round(bytesPerDay))} a day`;
  const held = formatBytes(Math.round(lockedBytes));
  return `${now}; ${rate}, each object locked for ${formatDuration(lockMs)}: locks ${locking ? 'hold' : 'would hold'} ${held} that nobody can delete`;
}
