import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { Evidence } from '../../contracts/evidence.ts';
import type { Manifest } from '../../contracts/manifest.ts';
import { createOutput } from '../../backup-agent/cli/render/output.ts';
import { renderVerification } from '../../backup-agent/cli/render/verification.ts';
import { readHistory } from '../../backup-agent/operations/history.ts';
import { readJobFacts } from '../../backup-agent/operations/job-facts.ts';
import { planPrune } from '../../backup-agent/operations/plan-prune.ts';
import { recordVerification } from '../../backup-agent/operations/record-verification.ts';
import { verifyBackups } from '../../backup-agent/operations/verify.ts';
import { objectKey } from '../../backup-agent/repository/layout.ts';
import { condemnedBackups, standings } from '../../backup-agent/repository/standing.ts';
import { run, scenario } from './support/scenario.ts';

async function damagedChain() {
  const s = await scenario();
  const [a, b] = [await s.backup('full'), await s.backup('incremental')];
  const object = s.file('primary', objectKey('crm', b.id, 'objects', b.objects[0]?.name ?? ''));
  const warnings: string[] = [];
  const log = { ...s.agent.log, warn: (_: object, text: string) => void warnings.push(text) };
  const flip = async () => {
    const bytes = await readFile(object);
    bytes.writeUInt8(bytes.readUInt8(9) ^ 1, 9);
    await writeFile(object, bytes);
  };
  await flip();
  const deep = () => verifyBackups(s.agent, { job: 'crm', deep: true }, run);
  const history = async () =>
    await readHistory(s.agent, await s.agent.openRepository('primary'), 'crm');
  return { ...s, agent: { ...s.agent, log }, a, b, flip, deep, history, warnings };
}

test('a chain that a deep verification found wrong is not continued: a full begins, and says why', async () => {
  await using s = await damagedChain();
  await s.deep();
  const c = await s.backup('incremental', s.agent);
  assert.equal(c.kind, 'full');
  assert.match(s.warnings.join(), new RegExp(`new full begins: .* found ${s.b.id} wrong`));
  const d = await s.backup('incremental', s.agent);
  assert.deepEqual([d.kind, d.parent], ['incremental', c.id]);
});

test('a chain that was mended and verified again is continued', async () => {
  await using s = await damagedChain();
  await s.deep();
  await s.flip();
  assert.equal((await s.deep()).recorded, true);
  const c = await s.backup('incremental', s.agent);
  assert.deepEqual([c.kind, c.parent, s.warnings], ['incremental', s.b.id, []]);
});

test('what hangs on a failed backup counts as failed, also when the verdict did not name it', async () => {
  await using s = await damagedChain();
  const c = await s.backup('incremental');
  const repository = await s.agent.openRepository('primary');
  const { log } = await s.history();
  const verdict = { passed: [s.a.id], failed: [s.b.id] };
  await recordVerification(s.agent, repository, 'crm', log, verdict);
  const [facts] = await readJobFacts(s.agent, 'crm');
  assert.equal(facts?.restorable?.id, s.a.id);
  const plan = await planPrune(s.agent, repository, 'crm', await s.history(), s.now());
  assert.deepEqual(
    plan.map(({ backup }) => [backup.id, backup.standing]),
    [
      [s.a.id, 'proven'],
      [s.b.id, 'failed'],
      [c.id, 'failed'],
    ],
  );
});

test('a drill condemns what hangs on its backup when something was wrong, not for a missed objective', async () => {
  await using s = await damagedChain();
  const c = await s.backup('incremental');
  const { log, backups } = await s.history();
  const [, drilled] = backups;
  const drill = (assertions: readonly { outcome: string }[]) => {
    const backup = { id: s.b.id, manifestDigest: drilled?.digest, chain: [s.a.id, s.b.id] };
    // What a verdict needs of evidence.
    const evidence = { backup, outcome: 'failed', assertions } as unknown as Evidence;
    return [{ sequence: log.at(-1)?.commit.sequence ?? 0, evidence }];
  };
  const known = (evidence: ReturnType<typeof drill>) => [
    ...standings(backups, { log, evidence, now: s.now(), anomalous: new Set() }).values(),
  ];
  const wrong = drill([{ outcome: 'passed' }, { outcome: 'failed' }]);
  assert.deepEqual(condemnedBackups(backups, log, wrong), [s.b.id, c.id]);
  assert.deepEqual(known(wrong), ['unproven', 'failed', 'failed']);
  const late = drill([{ outcome: 'passed' }]);
  assert.deepEqual(condemnedBackups(backups, log, late), []);
  assert.deepEqual(known(late), ['unproven', 'failed', 'unproven']);
});

test('a report whose newest backup does not restore asks for a full, and no other does', async () => {
  await using s = await damagedChain();
  // Where the text goes is all that is asked of a WriteStream here.
  const stream = new PassThrough() as unknown as NodeJS.WriteStream;
  const output = createOutput({
    json: false,
    quiet: false,
    plain: true,
    stdout: stream,
    stderr: stream,
  });
  const asks = /holdfast backup crm --kind full/;
  assert.match(renderVerification(await s.deep(), output), asks);
  const full: Manifest = await s.backup('full');
  const report = await s.deep();
  assert.equal(report.newestSound, full.id);
  assert.doesNotMatch(renderVerification(report, output), asks);
});
