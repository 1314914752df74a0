import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { weekdays, type QuietHours } from '../../contracts/daemon.ts';
import { nextInstant, readSchedule } from '../../contracts/schedule-times.ts';
import { Dispatcher, type Ending } from '../../backup-agent/daemon/dispatcher.ts';
import { isQuietFor } from '../../backup-agent/daemon/quiet-hours.ts';
import { taskKey, type Task } from '../../backup-agent/daemon/task.ts';
import type { RunKind } from '../../backup-agent/operations/run-job.ts';
import { silentLog } from '../support/in-memory-backup.ts';
import { rounds } from '../support/scale.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const start = Date.parse('2026-11-23T00:00:30Z');

function task(job: string, kind: RunKind, expression: string, timeZone = 'UTC'): Task {
  return { job, kind, expression, schedule: readSchedule(expression), timeZone };
}

interface Started {
  readonly key: string;
  readonly at: number;
}

/** A daemon's world: a clock that the test moves, and a memory that outlives the daemon. */
function world(
  tasks: readonly Task[],
  run: (task: Task) => Promise<Ending> = async () => 'done',
  quietHours: readonly QuietHours[] = [],
) {
  const memory = new Map<string, Date>();
  const started: Started[] = [];
  const atWork = new Map<string, number>();
  let mostAtOnce = 0;
  const state = { ms: start };
  const now = () => new Date(state.ms);
  const boot = async (jobsAtOnce = 2, jitterMs = 0) => {
    const dispatcher = new Dispatcher({
      now,
      jobsAtOnce: () => jobsAtOnce,
      isQuiet: (task, at) => isQuietFor(task, quietHours, at),
      lastSuccess: async (task) => memory.get(taskKey(task)),
      remember: async (task, at) => void memory.set(taskKey(task), at),
      run: async (task) => {
        started.push({ key: taskKey(task), at: state.ms });
        atWork.set(task.job, (atWork.get(task.job) ?? 0) + 1);
        assert.equal(atWork.get(task.job), 1, `${task.job} runs twice at once`);
        mostAtOnce = Math.max(mostAtOnce, [...atWork.values()].filter((n) => n > 0).length);
        try {
          return await run(task);
        } finally {
          atWork.set(task.job, 0);
        }
      },
      jitterMs: () => jitterMs,
      log: silentLog,
    });
    await dispatcher.setTasks(tasks);
    return dispatcher;
  };
  const wake = async (dispatcher: Dispatcher) => {
    dispatcher.wake();
    await dispatcher.settled();
  };
  return { state, started, memory, boot, wake, mostAtOnce: () => mostAtOnce };
}

const yearOfTasks = [
  task('crm-database', 'full', '0 1 * * 0', 'Asia/Shanghai'),
  task('crm-database', 'incremental', '0 */4 * * *', 'Asia/Kolkata'),
  task('crm-database', 'drill', '30 4 * * 1', 'Europe/Berlin'),
  task('crm-files', 'incremental', '15 9 1,15 * *', 'America/New_York'),
  task('crm-files', 'verify', '0 12 * 2-11/3 *', 'Australia/Lord_Howe'),
  task('archive', 'prune', '0 4 28 2 *', 'UTC'),
];

/** Every instant of the task from the start on, until `endMs`. */
function instants({ schedule, timeZone }: Task, endMs: number): number[] {
  const found: number[] = [];
  for (let at = nextInstant(schedule, timeZone, new Date(start)); at && at.getTime() <= endMs;) {
    found.push(at.getTime());
    at = nextInstant(schedule, timeZone, at);
  }
  return found;
}

/** Between two looks at the clock: so much time passes; perhaps the daemon is killed or the clock jumps. */
const step = fc.record({
  passMs: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: minuteMs, max: 6 * hourMs }) },
    fc.integer({ min: hourMs, max: 20 * dayMs }),
  ),
  restart: fc.boolean(),
  backMs: fc.option(fc.integer({ min: 1, max: dayMs }), { freq: 6 }),
});

describe('a year of schedules with restarts and clock jumps', () => {
  test('runs nothing twice and forgets nothing that was due', async () => {
    const property = fc.asyncProperty(fc.infiniteStream(step), async (steps) => {
      const { state, started, boot, wake } = world(yearOfTasks);
      let dispatcher = await boot();
      let furthest = state.ms;
      for (const { passMs, restart, backMs } of steps) {
        // A clock set back runs through the same times again, and those were served.
        state.ms = backMs === null ? furthest + passMs : state.ms - backMs;
        if (restart) dispatcher = await boot();
        await wake(dispatcher);
        furthest = Math.max(furthest, state.ms);
        if (furthest > start + 366 * dayMs) break;
      }
      for (const each of yearOfTasks) {
        const runs = started.filter(({ key }) => key === taskKey(each)).map(({ at }) => at);
        const due = instants(each, furthest);
        const serving = each.kind === 'incremental' ? fullsOf(started, each, runs) : runs;
        assertServed(due, runs, serving, taskKey(each));
      }
    });
    await fc.assert(property, { numRuns: rounds(6, 1_000) });
  });
});

function fullsOf(started: readonly Started[], { job }: Task, runs: readonly number[]): number[] {
  const fulls = started.filter(({ key }) => key === `${job}/full`).map(({ at }) => at);
  return [...runs, ...fulls].toSorted((left, right) => left - right);
}

function assertServed(
  due: readonly number[],
  runs: readonly number[],
  serving: readonly number[],
  name: string,
): void {
  for (const [index, at] of runs.entries()) {
    const former = runs[index - 1] ?? start;
    const between = due.filter((instant) => instant > former && instant <= at);
    assert.ok(between.length > 0, `${name} ran at ${new Date(at).toISOString()} with nothing due`);
  }
  const last = due.at(-1);
  const newest = serving.at(-1);
  if (last !== undefined)
    assert.ok(newest !== undefined && newest >= last, `${name} was forgotten`);
}

describe('the dispatcher', () => {
  const hourly = [
    task('a', 'incremental', '0 * * * *'),
    task('b', 'prune', '0 * * * *'),
    task('b', 'copy', '0 * * * *'),
    task('c', 'full', '0 * * * *'),
    task('c', 'incremental', '*/30 * * * *'),
  ];

  test('runs what was missed once, the most valuable first, and never a job twice at once', async () => {
    const { state, started, boot, wake, mostAtOnce } = world(hourly);
    await boot();
    state.ms += 3 * dayMs;
    const dispatcher = await boot(2);
    await wake(dispatcher);
    assert.deepEqual(
      started.map(({ key }) => key),
      ['c/full', 'a/incremental', 'b/copy', 'b/prune'],
    );
    assert.equal(mostAtOnce(), 2);
    await wake(dispatcher);
    assert.equal(started.length, 4);
  });

  test('starts a task that is new at its first instant, not at once, however often it restarts', async () => {
    const { state, started, boot, wake } = world([task('a', 'drill', '0 0 * * *')]);
    for (let hour = 0; hour < 23; hour++) {
      state.ms += hourMs;
      await wake(await boot());
    }
    assert.equal(started.length, 0);
    state.ms += hourMs;
    await wake(await boot());
    assert.equal(started.length, 1);
  });

  test('waits longer after each failure that may heal, at most an hour', async () => {
    const { state, started, boot, wake } = world(
      [task('a', 'full', '0 0 * * *')],
      async () => 'later',
    );
    const dispatcher = await boot();
    state.ms += dayMs;
    const end = state.ms + 10 * hourMs;
    for (; state.ms < end; state.ms += minuteMs) await wake(dispatcher);
    const gaps = started
      .slice(1)
      .map(({ at }, index) => (at - (started[index]?.at ?? 0)) / minuteMs);
    assert.deepEqual(gaps.slice(0, 8), [1, 2, 4, 8, 16, 32, 60, 60]);
  });

  test('leaves a failure that cannot heal to the next instant, and counts it as missed until then', async () => {
    let ending: Ending = 'failed';
    const { state, started, boot, wake } = world(
      [task('a', 'full', '0 0 * * *')],
      async () => ending,
    );
    const dispatcher = await boot();
    for (let hour = 0; hour < 72; hour++) {
      if (hour === 50) ending = 'done';
      state.ms += hourMs;
      await wake(dispatcher);
    }
    assert.equal(started.length, 3);
  });

  test('lives through a run that throws, and serves the other jobs', async () => {
    const { state, started, boot, wake } = world(hourly, async ({ job }) => {
      if (job === 'a') throw new TypeError('a defect');
      return 'done';
    });
    const dispatcher = await boot(1);
    state.ms += hourMs;
    await wake(dispatcher);
    assert.deepEqual(new Set(started.map(({ key }) => key.slice(0, 1))), new Set(['a', 'b', 'c']));
  });

  test('two agents with one memory run each instant once', async () => {
    const { state, started, boot, wake } = world([task('a', 'full', '0 * * * *')]);
    const agents = [await boot(), await boot()];
    for (let hour = 0; hour < 48; hour++) {
      state.ms += hourMs;
      for (const agent of agents) await wake(agent);
    }
    assert.equal(started.length, 48);
  });

  test('starts later by the jitter, and not again for it', async () => {
    const { state, started, boot, wake } = world([task('a', 'full', '0 * * * *')]);
    const dispatcher = await boot(1, 10 * minuteMs);
    for (let minute = 0; minute < 180; minute++) {
      state.ms += minuteMs;
      await wake(dispatcher);
    }
    assert.deepEqual(
      started.map(({ at }) => new Date(at).getUTCMinutes()),
      [10, 10],
    );
  });

  test('puts off what is heavy until the quiet hours are over, and nothing else', async () => {
    const tasks = [task('a', 'full', '30 * * * *'), task('b', 'incremental', '30 * * * *')];
    const window = { from: '22:00', until: '02:00', days: [...weekdays], kinds: ['full' as const] };
    const { state, started, boot, wake } = world(tasks, async () => 'done', [window]);
    const dispatcher = await boot(2);
    for (let minute = 0; minute < 24 * 60; minute++) {
      state.ms += minuteMs;
      await wake(dispatcher);
    }
    const times = (key: string) =>
      started.filter((run) => run.key === key).map(({ at }) => new Date(at).toISOString());
    assert.equal(times('b/incremental').length, 24);
    const fulls = times('a/full').map((at) => at.slice(11, 16));
    assert.deepEqual(
      fulls.filter((at) => at >= '22:00' || at < '02:00'),
      [],
    );
    assert.equal(fulls.filter((at) => at === '02:00').length, 1, 'once, whatever was missed');
  });

  test('takes nothing new once it is stopped', async () => {
    const { state, started, boot, wake } = world(hourly);
    const dispatcher = await boot();
    state.ms += dayMs;
    dispatcher.stop();
    await wake(dispatcher);
    assert.deepEqual(started, []);
  });

  test('a success that a wrong clock put into the far future does not stop the schedule', async () => {
    const { state, started, memory, boot, wake } = world([task('a', 'full', '0 * * * *')]);
    memory.set('a/full', new Date(start + 400 * dayMs));
    const dispatcher = await boot();
    for (let hour = 0; hour < 5; hour++) {
      await wake(dispatcher);
      state.ms += hourMs;
    }
    assert.equal(started.length, 4);
  });
});
