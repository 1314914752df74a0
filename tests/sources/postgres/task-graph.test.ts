import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  runStages,
  runTasks,
  type Task,
} from '../../../backup-agent/sources/postgres/task-graph.ts';

const never = new AbortController().signal;
const failed = new Error('this one fails');

/** Tasks by which earlier ones each waits for; what they log as they begin and end. */
function tasksOf(needs: readonly (readonly number[])[], log: string[] = []) {
  const tasks: Task<number>[] = [];
  for (const [at, needed] of needs.entries())
    tasks.push({
      after: needed.flatMap((other) => tasks[other] ?? []),
      weight: 0,
      run: async () => {
        log.push(`begin ${at}`);
        await turn();
        log.push(`end ${at}`);
      },
    });
  return { tasks, log };
}

test('each task runs once, after all that it needs, on however many lanes', async () => {
  const graph = fc.array(fc.array(fc.nat({ max: 20 }), { maxLength: 4 }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(graph, fc.integer({ min: 1, max: 4 }), async (needs, lanes) => {
      const { tasks, log } = tasksOf(needs);
      await runTasks(tasks, Array.from({ length: lanes }).keys().toArray(), never);
      assert.equal(log.length, needs.length * 2);
      assert.equal(new Set(log).size, log.length);
      for (const [at, needed] of needs.entries())
        for (const other of needed.filter((other) => other < at))
          assert.ok(log.indexOf(`end ${other}`) < log.indexOf(`begin ${at}`));
    }),
    { numRuns: 50 },
  );
});

test('of those that may begin, the heaviest does, and of equals the first', async () => {
  const order: string[] = [];
  const task = (name: string, weight: number, ...after: Task<number>[]): Task<number> => ({
    after,
    weight,
    run: async () => void order.push(name),
  });
  const large = task('large', 5);
  const tasks = [task('small', 1), task('equal', 1), large, task('index of large', 5, large)];
  await runTasks(tasks, [0], never);
  assert.deepEqual(order, ['large', 'index of large', 'small', 'equal']);
});

test('a failure stops the others, and is what comes of it, though lanes were waiting', async () => {
  let aborted = false;
  const failing: Task<number> = { after: [], weight: 1, run: () => Promise.reject(failed) };
  const long: Task<number> = {
    after: [],
    weight: 1,
    run: async (_, signal) => {
      while (!signal.aborted) await turn();
      aborted = true;
    },
  };
  const last: Task<number> = { after: [failing, long], weight: 1, run: () => assert.fail() };
  await assert.rejects(runTasks([failing, long, last], [0, 1, 2], never), failed);
  assert.ok(aborted);
});

test('a stage begins once all tasks of those before are done, empty ones too', async () => {
  const log: string[] = [];
  const { tasks } = tasksOf([[], [0], [], []], log);
  const stage = (name: string, ...at: number[]) => ({
    tasks: at.flatMap((index) => tasks[index] ?? []),
    begin: () => void log.push(name),
  });
  const stages = [stage('loads', 0, 3), stage('keys', 1), stage('none'), stage('indexes', 2)];
  await runStages(stages, [0, 1], never);
  assert.equal(log[0], 'loads');
  const last = (...names: string[]) => Math.max(...names.map((name) => log.indexOf(name)));
  assert.ok(log.indexOf('keys') > last('end 0', 'end 3'));
  assert.ok(log.indexOf('none') > last('end 1'));
  assert.equal(log.indexOf('indexes'), log.indexOf('none') + 1);
});
