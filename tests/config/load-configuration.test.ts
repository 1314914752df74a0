import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import { describe, test } from 'node:test';
import { parse, stringify } from 'yaml';
import {
  loadConfiguration,
  parseConfiguration,
} from '../../backup-agent/config/load-configuration.ts';
import { HoldfastError } from '../../backup-agent/errors/holdfast-error.ts';

const exampleFile = new URL('../../docs/examples/holdfast.yaml', import.meta.url);
const example = await readFile(exampleFile, 'utf8');

/** The problems of the example after `change`, as `where: what`. */
function problemsAfter(change: (file: ReturnType<typeof parse>) => void): string[] {
  const file = parse(example);
  change(file);
  return problemsOf(stringify(file));
}

function problemsOf(text: string): string[] {
  try {
    parseConfiguration(text, 'holdfast.yaml');
    return [];
  } catch (error) {
    assert.ok(error instanceof HoldfastError);
    assert.equal(error.code, 'config-invalid');
    return error.problems.map(({ where, what }) => `${where}: ${what}`);
  }
}

test('the example is valid', () => {
  assert.deepEqual(problemsOf(example), []);
});

test('durations and sizes are parsed, defaults are filled in', () => {
  const { jobs } = parseConfiguration(example, 'holdfast.yaml');
  const database = jobs['crm-database'];
  assert.equal(database?.objectives.rpo, 30 * 60_000);
  assert.equal(database?.maxChainAge, 7 * 86_400_000);
  assert.ok(database?.source.type === 'postgres');
  assert.equal(database.source.slot.dropAt, 8 * 2 ** 30);
});

test('every problem is named at once, each with its path', () => {
  const problems = problemsAfter((file) => {
    file.unknown = true;
    file.keys.recipients = [];
    file.jobs['crm-database'].schedules.full = '61 1 * * 0';
    file.jobs['crm-database'].source.lanes = 'two';
    file.jobs['crm-database'].retention = { keepLast: 0 };
    file.jobs['crm-attachments'].repository = 'nowhere';
  });
  const paths = problems.map((problem) => problem.replace(/ \(line \d+\).*$/s, ''));
  assert.deepEqual(paths.toSorted(), [
    'jobs.crm-attachments.repository',
    'jobs.crm-database.retention',
    'jobs.crm-database.schedules.full',
    'jobs.crm-database.source.lanes',
    'keys.recipients',
    'unknown',
  ]);
});

const refusals: [string, (file: ReturnType<typeof parse>) => void, RegExp][] = [
  ['no recipient', (file) => delete file.keys.recipients, /keys\.recipients.*received undefined/],
  [
    'a password in the URL',
    (file) => (file.jobs['crm-database'].source.url = 'postgres://u:hunter2@db/crm'),
    /must not hold a password/,
  ],
  [
    'a schedule with both kinds of day',
    (file) => (file.jobs['crm-database'].schedules.full = '0 1 1 * 1'),
    /not both/,
  ],
  [
    'a copy into the same repository',
    (file) => (file.jobs['crm-attachments'].copies = ['primary']),
    /another repository/,
  ],
  [
    'a slot that warns after it drops',
    (file) => (file.jobs['crm-database'].source.slot = { warnAt: '9GiB' }),
    /warnAt must be smaller/,
  ],
  [
    'a group with an unknown job',
    (file) => (file.groups.crm[1] = 'crm-files'),
    /names job `crm-files`/,
  ],
  ['a name with capitals', (file) => (file.groups.CRM = file.groups.crm), /lower-case words/],
  ['an unknown version', (file) => (file.version = 2), /version/],
  [
    'a duration without a unit',
    (file) => (file.jobs['crm-database'].objectives.rpo = '30'),
    /must be a duration/,
  ],
];
describe('refused:', () => {
  for (const [what, change, message] of refusals)
    test(what, () => {
      const problems = problemsAfter(change);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] ?? '', message);
    });
  test('text that is not YAML, with its line', () => {
    assert.match(problemsOf('version: 1\njobs: [')[0] ?? '', /^line \d+: /);
  });
  test('an empty file', () => {
    assert.match(problemsOf('')[0] ?? '', /the file: expected object/);
  });
});

test('what looks like a secret is not repeated in a message', () => {
  const problems = problemsAfter((file) => {
    file.jobs['crm-database'].source.url = 'postgres://u:hunter2@db/crm';
    file.jobs['crm-database'].source.password = 'hunter2';
    file.keys.signing.writer = 'hunter2';
  });
  assert.equal(problems.length, 3);
  assert.doesNotMatch(problems.join('\n'), /hunter2/);
});

test('a missing file says which', async () => {
  await assert.rejects(loadConfiguration('/nonexistent/holdfast.yaml'), (error) => {
    assert.ok(error instanceof HoldfastError);
    assert.equal(error.code, 'config-not-found');
    assert.doesNotMatch(inspect(error.message), /stack/);
    return true;
  });
});
