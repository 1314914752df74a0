import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { objectiveStates } from '../../operations/objectives.ts';
import type { RunContents } from '../../operations/run-job.ts';
import type { Status } from '../../operations/status.ts';
import type { SlotFacts } from '../../operations/watch-slots.ts';
import { leaseStates, type RepositoryFacts } from '../../operations/job-facts.ts';
import type { RunObserver } from '../attempt-run.ts';

/** Minutes to hours: how long backups, copies and drills take. */
const durationBucketsSeconds = [1, 5, 15, 60, 300, 900, 3_600, 14_400, 43_200];

/** What `/metrics` shows; docs/operations/daemon.md lists every name. */
export interface Metrics extends RunObserver {
  /** A request to a repository's storage failed and is repeated. */
  storageRetried(repository: string): void;
  /** In Prometheus' text format. */
  readonly contentType: string;
  render(): Promise<string>;
}

/** Counts runs, and shows what the repositories tell; a registry of its own, nothing global. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const task = ['job', 'kind'] as const;
  const runs = new Counter({
    name: 'holdfast_runs_total',
    help: 'Runs that ended, by how: done, busy, later (to be retried) or failed.',
    labelNames: [...task, 'ending'],
    registers,
  });
  const errors = new Counter({
    name: 'holdfast_run_errors_total',
    help: 'Runs that an error ended, by its code.',
    labelNames: [...task, 'code'],
    registers,
  });
  const bytes = new Counter({
    name: 'holdfast_run_bytes_total',
    help: 'Bytes stored, copied or freed by runs.',
    labelNames: task,
    registers,
  });
  const duration = new Histogram({
    name: 'holdfast_run_duration_seconds',
    help: 'How long runs took.',
    labelNames: task,
    buckets: durationBucketsSeconds,
    registers,
  });
  const running = new Gauge({
    name: 'holdfast_running',
    help: '1 while a run is at work.',
    labelNames: task,
    registers,
  });
  const success = new Gauge({
    name: 'holdfast_last_success_timestamp_seconds',
    help: 'When the newest good run ended, since this daemon started.',
    labelNames: task,
    registers,
  });
  const contents = createContentCounters(registers);
  const retries = new Counter({
    name: 'holdfast_run_retries_total',
    help: 'Runs that repeated one which had failed.',
    labelNames: task,
    registers,
  });
  const storageRetries = new Counter({
    name: 'holdfast_storage_retries_total',
    help: "Requests to a repository's storage that failed and were repeated.",
    labelNames: ['repository'] as const,
    registers,
  });
  const failed = new Set<string>();
  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    started: ({ job, kind }) => {
      running.set({ job, kind }, 1);
      if (failed.delete(`${job}/${kind}`)) retries.inc({ job, kind });
    },
    ended: ({ task: { job, kind }, ending, error, result, durationMs, startedAt }) => {
      running.set({ job, kind }, 0);
      runs.inc({ job, kind, ending });
      duration.observe({ job, kind }, durationMs / 1_000);
      if (error) errors.inc({ job, kind, code: error.code });
      if (ending === 'later') failed.add(`${job}/${kind}`);
      if (result?.contents) contents({ job, kind }, result.contents);
      bytes.inc({ job, kind }, result?.bytes ?? 0);
      if (result?.outcome === 'good')
        success.set({ job, kind }, (startedAt.getTime() + durationMs) / 1_000);
    },
    storageRetried: (repository) => storageRetries.inc({ repository }),
    status: createRepositoryGauges(registers),
    slots: createSlotGauges(registers),
  };
}

function createContentCounters(registers: Registry[]) {
  const counter = (name: string, help: string) =>
    new Counter({ name, help, labelNames: ['job', 'kind'] as const, registers });
  const items = counter('holdfast_run_items_total', 'Rows or files that backups took.');
  const objects = counter('holdfast_run_objects_total', 'Objects that backups stored.');
  const plaintext = counter(
    'holdfast_run_plaintext_bytes_total',
    'Bytes that backups read, before compression.',
  );
  return (task: { job: string; kind: string }, contents: RunContents) => {
    items.inc(task, contents.items);
    objects.inc(task, contents.objects);
    plaintext.inc(task, contents.plaintextBytes);
  };
}

function createSlotGauges(registers: Registry[]): (slots: readonly SlotFacts[]) => void {
  const gauge = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ['job', 'slot'] as const, registers });
  const retained = gauge('holdfast_slot_retained_bytes', 'WAL that the server keeps for the slot.');
  const backlog = gauge('holdfast_slot_lag_bytes', 'WAL that the next incremental has to read.');
  const lag = gauge('holdfast_slot_lag_seconds', 'Age of the oldest change in no backup.');
  return (slots) => {
    for (const each of [retained, backlog, lag]) each.reset();
    for (const { job, slot, retainedBytes, backlogBytes, lagMs } of slots) {
      retained.set({ job, slot }, retainedBytes);
      backlog.set({ job, slot }, backlogBytes);
      lag.set({ job, slot }, lagMs / 1_000);
    }
  };
}

function createRepositoryGauges(registers: Registry[]): (status: Status) => void {
  const place = ['job', 'repository'] as const;
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Gauge({ name, help, labelNames, registers });
  const readable = gauge('holdfast_repository_readable', '1 when its log could be read.', place);
  const backups = gauge('holdfast_repository_backups', 'Committed backups.', place);
  const stored = gauge('holdfast_repository_stored_bytes', 'Bytes of committed backups.', place);
  const plaintext = gauge(
    'holdfast_repository_plaintext_bytes',
    'The same before compression.',
    place,
  );
  const lease = gauge('holdfast_lease_state', '0 free, 1 held, 2 expired.', place);
  const success = gauge(
    'holdfast_repository_last_success_timestamp_seconds',
    'When the newest backup, full, drill that passed or deep verification was.',
    [...place, 'kind'],
  );
  const point = gauge(
    'holdfast_restorable_point_timestamp_seconds',
    'The newest moment that the repository restores to.',
    place,
  );
  const drilled = gauge(
    'holdfast_last_drill_timestamp_seconds',
    'When the newest drill started.',
    place,
  );
  const passed = gauge('holdfast_last_drill_passed', '1 when the newest drill passed.', place);
  const measured = gauge(
    'holdfast_drill_measured_seconds',
    'RPO and RTO as the newest drill measured them.',
    [...place, 'objective'],
  );
  const objective = gauge('holdfast_objective_state', '0 met, 1 at risk, 2 breached.', [
    'job',
    'objective',
  ] as const);
  const all = [
    readable,
    backups,
    stored,
    plaintext,
    lease,
    success,
    point,
    drilled,
    passed,
    measured,
    objective,
  ];
  return ({ jobs }) => {
    // What is no longer known, such as a job that was removed, is no longer shown.
    for (const each of all) each.reset();
    for (const { job, objectives, repositories } of jobs) {
      for (const { name, state } of objectives)
        objective.set({ job, objective: name }, objectiveStates.indexOf(state));
      for (const facts of repositories) {
        const { repository, restorable, lastDrill } = facts;
        const where = { job, repository };
        readable.set(where, facts.unreadable === undefined ? 1 : 0);
        if (facts.unreadable !== undefined) continue;
        backups.set(where, facts.backups);
        stored.set(where, facts.storedBytes);
        plaintext.set(where, facts.plaintextBytes);
        if (facts.lease) lease.set(where, leaseStates.indexOf(facts.lease));
        for (const [kind, at] of successesOf(facts))
          success.set({ ...where, kind }, Date.parse(at) / 1_000);
        if (restorable) point.set(where, Date.parse(restorable.pointAt) / 1_000);
        if (!lastDrill) continue;
        drilled.set(where, Date.parse(lastDrill.at) / 1_000);
        passed.set(where, lastDrill.outcome === 'passed' ? 1 : 0);
        for (const { name, measuredMs } of lastDrill.objectives)
          measured.set({ ...where, objective: name }, measuredMs / 1_000);
      }
    }
  };
}

function successesOf(facts: RepositoryFacts): [kind: string, at: string][] {
  const { lastBackupAt, lastFullAt, lastDrill, lastVerificationAt } = facts;
  const drill = lastDrill?.outcome === 'passed' ? lastDrill.at : undefined;
  const known = { backup: lastBackupAt, full: lastFullAt, drill, verify: lastVerificationAt };
  return Object.entries(known).flatMap(([kind, at]) => (at === undefined ? [] : [[kind, at]]));
}
