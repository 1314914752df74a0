import type { RestoreEstimate } from '../../operations/preview-restore.ts';
import { formatBytes, formatCount, formatDuration, formatTime } from './format.ts';

/** A dry run, for a person. */
export function renderEstimate(estimate: RestoreEstimate): string {
  const { backup, from, chain, point, fetchBytes, database, tree, time } = estimate;
  const { erasures, unreadLedgers } = estimate;
  return [
    `would restore ${backup} from ${from}: a chain of ${chain}, up to ${formatTime(new Date(point.time))} at most`,
    `would fetch ${database ? '' : 'at most '}${formatBytes(fetchBytes)}`,
    ...(tree ? renderTree(tree) : []),
    ...(database
      ? [
          `${formatCount(database.tables)} tables, ${formatCount(database.rows)} rows, then ${formatCount(database.changes)} changes; the database ${targetState[database.database]}`,
          ...database.leftOut.map((what) => `would put to rest: ${what}`),
          time === undefined
            ? 'no drill from there yet, so no estimate of the time'
            : `about ${formatDuration(time.durationMs)}, by drill ${time.drill}`,
        ]
      : []),
    ...(erasures > 0 ? [`${formatCount(erasures)} requests of the erasure ledger to look at`] : []),
    ...unreadLedgers.map(
      ({ where, what }) => `the erasure ledger in ${where} could not be read: ${what}`,
    ),
    'nothing was written',
  ].join('\n');
}

const targetState = {
  empty: 'is empty',
  'to be created': 'does not exist and would be created',
  'holds other tables': 'holds other tables, which stay',
} as const;

function renderTree({ restored, bytes, skipped, refused }: NonNullable<RestoreEstimate['tree']>) {
  return [
    `would write ${formatCount(restored)} items, ${formatBytes(bytes)}`,
    ...(skipped > 0 ? [`would keep as the target has it: ${formatCount(skipped)} entries`] : []),
    ...refused.map(({ where, what }) => `would refuse: ${where}: ${what}`),
  ];
}
