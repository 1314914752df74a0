import assert from 'node:assert/strict';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { execa } from 'execa';
import { judgePath, noSuppressions, parseSuppressions } from '../../policies/face.ts';
import type { Stacks } from '../../stacks/build-app.ts';
import { buildApp } from '../../stacks/build-app.ts';
import { loadEnvironment } from '../../stacks/lib/load-environment.ts';
import { guardByPolicies } from '../../stacks/lib/policy-gate.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { environmentNames, type EnvironmentName } from './support.ts';

const root = join(import.meta.dirname, '../..');
const accepted = parseSuppressions(
  await readFile(join(root, 'policies/suppressions.yaml'), 'utf8'),
);
const now = new Date('2026-11-23T12:00:00Z');

interface Attempt {
  readonly environment?: EnvironmentName;
  readonly weaken?: (stacks: Stacks) => void;
  readonly suppressions?: typeof accepted;
  readonly now?: Date;
}

/** Synthesizes through the gate; says what stopped it, what was printed, and whether it was completed. */
async function attempt({ environment: name = 'production', weaken, ...over }: Attempt = {}) {
  await using directory = await temporaryDirectory();
  const environment = await loadEnvironment(name);
  const { app, stacks } = buildApp(environment, directory.path);
  const printed: string[] = [];
  const print = (report: string) => void printed.push(report);
  guardByPolicies(app, { environment, suppressions: accepted, now, print, ...over });
  weaken?.(stacks);
  const stopped = catching(() => app.synth());
  const manifest = access(join(directory.path, 'manifest.json'));
  const complete = await manifest.then(
    () => true,
    () => false,
  );
  return { stopped, printed, complete };
}

function catching(action: () => void): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return String(error);
  }
}

suite('the policies at synthesis', () => {
  for (const environment of environmentNames)
    test(`let ${environment} pass, judged once`, async () => {
      const { stopped, printed, complete } = await attempt({ environment });
      assert.equal(stopped, undefined, printed.join());
      assert.ok(complete);
      assert.equal(printed.length, 1);
      assert.match(printed[0] ?? '', /rules: 0 failed, 0 unknown/);
    });

  test('stop a weakened build, and name the rule, the resource and the construct', async () => {
    const { stopped, printed, complete } = await attempt({
      weaken: ({ edge }) => {
        edge.loadBalancer.balancer.dropInvalidHeaderFields = false;
      },
    });
    assert.match(stopped ?? '', /lb-drops-invalid-headers {2}edge\/aws_lb\.door_balancer$/);
    assert.match(printed.join(), /construct +edge\/door\/balancer/);
    assert.ok(!complete, 'without a manifest there is nothing to compare or deploy');
  });

  test('see what an escape hatch sets past the constructs', async () => {
    const { stopped } = await attempt({
      weaken: ({ data }) => data.database.instance.addOverride('publicly_accessible', true),
    });
    assert.match(stopped ?? '', /rds-not-public {2}data\/aws_db_instance\.database_instance/);
  });

  test('stop what nobody accepted', async () => {
    const { stopped } = await attempt({ suppressions: noSuppressions });
    assert.match(stopped ?? '', /iam-no-full-administration {2}identity\//);
  });

  test('stop once an acceptance is over', async () => {
    const { stopped, printed } = await attempt({ now: new Date('2028-01-01T00:00:00Z') });
    assert.match(stopped ?? '', /iam-no-full-administration/);
    assert.match(printed.join(), /expired on 2027-06-30/);
  });

  test('run in the program that cdktf starts', async () => {
    await using directory = await temporaryDirectory();
    const { exitCode, stderr } = await execa(process.execPath, ['stacks/main.ts'], {
      cwd: root,
      env: { HOLDFAST_ENV: 'sandbox', CDKTF_OUTDIR: directory.path },
      reject: false,
    });
    assert.equal(exitCode, 0, stderr);
    assert.match(stderr, /resources, \d+ rules: 0 failed/);
    const { results } = await judgePath(directory.path, { now });
    const findings = results.filter(({ outcome }) => outcome === 'fail');
    assert.ok(findings.length > 0, 'without suppressions something is found');
    for (const { origin, address } of findings)
      assert.match(origin.source ?? '', /^stacks\/[\w/-]+\.ts:\d+:\d+$/, address);
  });
});
