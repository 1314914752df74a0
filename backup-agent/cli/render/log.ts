import type { CommitSubject } from '../../../contracts/commit.ts';
import type { LogReport } from '../../operations/log.ts';
import type { CommitRecord } from '../../repository/commit-log.ts';
import { formatTime } from './format.ts';
import type { Output } from './output.ts';
import { renderTable } from './table.ts';

const shortFingerprint = 16;

export function renderLog(log: readonly CommitRecord[], output: Output): string {
  if (log.length === 0) return 'nothing was committed yet';
  return renderTable(
    log,
    [
      { title: 'NO', align: 'right', value: ({ commit }) => String(commit.sequence) },
      { title: 'WHEN', value: ({ commit }) => formatTime(new Date(commit.at)) },
      // A name from the log is shown as JSON would: no control character reaches the terminal.
      { title: 'WHO', value: ({ commit }) => printable(commit.by) },
      { title: 'WHAT', value: ({ commit }) => commit.subject.type },
      { title: 'OF', value: ({ commit }) => describeSubject(commit.subject) },
    ],
    output.columns,
  );
}

function describeSubject(subject: CommitSubject): string {
  switch (subject.type) {
    case 'backup':
    case 'evidence':
    case 'erasure':
      return subject.id;
    case 'escrow':
      return `${subject.id} opened by ${subject.recipient.slice(0, shortFingerprint)}`;
    case 'hold':
    case 'release':
      return `${subject.id}: ${printable(subject.reason)}`;
    case 'prune':
      return subject.ids.join(', ');
    case 'verification':
      return `${subject.passed.length} passed, ${subject.failed.length} failed${
        subject.failed.length === 0 ? '' : `: ${subject.failed.join(', ')}`
      }`;
    default:
      return subject satisfies never;
  }
}

function printable(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

export function renderLogReport(
  { job, repositories, findings }: LogReport,
  output: Output,
): string {
  return [
    job,
    ...repositories.map(
      ({ repository, commits, head }) =>
        `${repository}: ${commits} commits${head === undefined ? '' : `, the newest sha256:${head}`}`,
    ),
    ...findings.map(({ where, what }) => `${output.style('red', where)}: ${what}`),
    findings.length === 0 ? output.style('green', 'no gap, fork or rollback') : '',
  ]
    .filter((line) => line !== '')
    .join('\n');
}
