import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { createOutput } from '../../backup-agent/cli/render/output.ts';
import { createEventLog } from '../../backup-agent/cli/render/text-log.ts';
import { HoldfastError } from '../../backup-agent/errors/holdfast-error.ts';

/** What is written to a terminal of that width, or to a file. */
function stream(columns?: number) {
  const terminal = columns === undefined ? {} : { isTTY: true, columns };
  // Its size and whether it is a terminal are all that is asked of a WriteStream besides writing.
  return Object.assign(new PassThrough(), terminal) as unknown as NodeJS.WriteStream & PassThrough;
}

function outputTo(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream, quiet = false) {
  return createOutput({ json: false, quiet, plain: false, stdout, stderr });
}

test('a terminal is drawn on in its width', () => {
  const output = outputTo(stream(120), stream(120));
  assert.equal(output.interactive, true);
  assert.equal(output.columns, 120);
});

test('a terminal that says it has no columns has an unknown width, and is not drawn on in place', () => {
  const output = outputTo(stream(0), stream(0));
  assert.equal(output.interactive, false);
  assert.equal(output.columns, undefined);
});

test('a file has no width', () => {
  assert.equal(outputTo(stream(), stream(80)).columns, undefined);
});

const at = () => new Date('2026-11-28T04:17:26Z');
const time = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (UTC|[+-]\d\d:\d\d)$/;

test('an event is one line of text with local time, level, run and what is wrong', async () => {
  const stderr = stream();
  const log = createEventLog(outputTo(stream(), stderr), at);
  log.debug({}, 'not shown');
  log.info({ run: '0a1b2c3d-4e5f', job: 'crm', kind: 'full' }, 'run started');
  const problems = [{ where: 'jobs.crm (line 3)', what: 'no source' }];
  const error = new HoldfastError('config-invalid', 'two\nlines \u001B[2J', { problems });
  log.error({ error }, 'the former configuration stays');
  const lines = (await text(stderr.end())).trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => line.slice(line.search(/info|error/))),
    [
      'info  run started (crm full, run 0a1b2c3d)',
      'error the former configuration stays: two lines [2J; jobs.crm (line 3): no source',
    ],
  );
  for (const line of lines) assert.match(line.slice(0, line.search(/ (info|error)/)), time);
});

test('quiet, only warnings and worse are events', async () => {
  const stderr = stream();
  const log = createEventLog(outputTo(stream(), stderr, true), at);
  log.info({}, 'run started');
  log.warn({ job: 'crm' }, 'the slot keeps much');
  assert.match(await text(stderr.end()), /^[^\n]* warn {2}the slot keeps much \(crm\)\n$/);
});
