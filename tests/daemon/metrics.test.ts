import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { createMetrics } from '../../backup-agent/daemon/metrics/metrics.ts';

const root = join(import.meta.dirname, '..', '..');

/** Metrics after one failed run, one good one, and a look at the repositories. */
function usedMetrics() {
  const metrics = createMetrics();
  const task = { job: 'crm', kind: 'full' } as const;
  const startedAt = new Date('2026-11-23T00:00:00Z');
  const run = { id: 'r', task, startedAt, durationMs: 2_500 };
  metrics.started(task, 'r');
  metrics.ended({ ...run, ending: 'later', error: { code: 'storage-full', message: 'no' } });
  const contents = { items: 7, objects: 3, plaintextBytes: 420 };
  metrics.started(task, 'r');
  const result = { ...task, outcome: 'good', bytes: 42, summary: 'full', contents } as const;
  metrics.ended({ ...run, ending: 'done', result });
  const at = startedAt.toISOString();
  metrics.status({
    at,
    state: 'met',
    jobs: [
      {
        job: 'crm',
        state: 'met',
        objectives: [{ name: 'rpo', state: 'at-risk', why: '' }],
        repositories: [
          {
            repository: 'primary',
            offsite: false,
            backups: 3,
            storedBytes: 9,
            plaintextBytes: 30,
            lease: 'expired',
            lastBackupAt: at,
            restorable: { id: 'b', kind: 'full', pointAt: at, committedAt: at },
            lastDrill: {
              id: 'd',
              at,
              outcome: 'passed',
              objectives: [{ name: 'rto', measuredMs: 1_500, met: true }],
            },
          },
        ],
      },
    ],
  });
  metrics.storageRetried('primary');
  metrics.slots?.([{ job: 'crm', slot: 's', retainedBytes: 5, backlogBytes: 4, lagMs: 1_500 }]);
  return metrics;
}

/** `name{label="value",…} number`, as the text format 0.0.4 has it. */
const sample =
  /^([a-z_]+)(\{(?:[a-z]+="(?:[^"\\\n]|\\[\\"n])*",?)*\})? (-?\d+(\.\d+)?(e[+-]?\d+)?|\+Inf)$/;

/** Parses strictly: each family is declared once, before its samples, and nothing else is there. */
function families(text: string): Set<string> {
  const types = new Map<string, string>();
  const sampled = new Set<string>();
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const declared = /^# TYPE ([a-z_]+) (counter|gauge|histogram)$/.exec(line);
    if (declared) {
      const [, name = '', type = ''] = declared;
      assert.ok(!types.has(name), `${name} is declared twice`);
      types.set(name, type);
    } else if (!/^# HELP [a-z_]+ \S/.test(line)) {
      const [, name = ''] = sample.exec(line) ?? assert.fail(`not a sample: ${line}`);
      const family = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '');
      assert.ok(types.has(family), `${name} was not declared`);
      sampled.add(family);
    }
  }
  assert.deepEqual(sampled, new Set(types.keys()), 'every family has a sample');
  return sampled;
}

test('/metrics shows every documented metric and no other', async () => {
  const shown = families(await usedMetrics().render());
  const page = await readFile(join(root, 'docs/operations/daemon.md'), 'utf8');
  const documented = new Set(
    [...page.matchAll(/^\| `(holdfast_[a-z_]+)`/gm)].map(([, name]) => name),
  );
  assert.deepEqual(shown, documented);
});

test('values are as runs, repositories and slots told them', async () => {
  const text = await usedMetrics().render();
  for (const line of [
    'holdfast_run_retries_total{job="crm",kind="full"} 1',
    'holdfast_storage_retries_total{repository="primary"} 1',
    'holdfast_run_items_total{job="crm",kind="full"} 7',
    'holdfast_run_plaintext_bytes_total{job="crm",kind="full"} 420',
    'holdfast_lease_state{job="crm",repository="primary"} 2',
    'holdfast_slot_lag_seconds{job="crm",slot="s"} 1.5',
    'holdfast_repository_last_success_timestamp_seconds{job="crm",repository="primary",kind="drill"} 1795392000',
  ])
    assert.ok(text.includes(`${line}\n`), `${line}\n${text}`);
});

test('alert rules and dashboard ask only for metrics that exist', async () => {
  const shown = families(await usedMetrics().render());
  const rules = await readFile(join(root, 'ops/alert-rules.yaml'), 'utf8');
  const dashboard = await readFile(join(root, 'ops/grafana-dashboard.json'), 'utf8');
  assert.ok(parse(rules).groups.length > 0 && JSON.parse(dashboard).panels.length > 0);
  for (const [file, text] of Object.entries({ rules, dashboard })) {
    const asked = [...text.matchAll(/holdfast_[a-z_]+/g)].map(([name]) =>
      name.replace(/_(bucket|sum|count)$/, ''),
    );
    assert.ok(asked.length > 0);
    assert.deepEqual(
      asked.filter((name) => !shown.has(name)),
      [],
      file,
    );
  }
});

test('the dashboard shows every metric, in panels that do not overlap', async () => {
  const shown = families(await usedMetrics().render());
  const text = await readFile(join(root, 'ops/grafana-dashboard.json'), 'utf8');
  const { panels } = JSON.parse(text) as {
    panels: { id: number; gridPos: { x: number; y: number } }[];
  };
  const asked = new Set(
    [...text.matchAll(/holdfast_[a-z_]+/g)].map(([name]) =>
      name.replace(/_(bucket|sum|count)$/, ''),
    ),
  );
  assert.deepEqual(
    [...shown].filter((name) => !asked.has(name)),
    [],
  );
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  assert.equal(new Set(panels.map(({ gridPos: { x, y } }) => `${x}/${y}`)).size, panels.length);
});

test('what the repositories no longer hold is no longer shown', async () => {
  const metrics = usedMetrics();
  metrics.status({ at: '2026-11-23T00:00:00.000Z', state: 'met', jobs: [] });
  assert.doesNotMatch(await metrics.render(), /holdfast_objective_state\{/);
});
