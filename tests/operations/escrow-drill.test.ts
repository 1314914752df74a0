import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { drillEscrow } from '../../backup-agent/operations/escrow-drill.ts';
import { readLogOnly } from '../../backup-agent/operations/history.ts';
import { keysStatus } from '../../backup-agent/operations/keys-status.ts';
import { generateIdentity, recipientOf } from '../../backup-agent/keys/identities.ts';
import { recipientFingerprint } from '../../backup-agent/keys/recipients.ts';
import { objectKey } from '../../backup-agent/repository/layout.ts';
import { run, scenario } from './support/scenario.ts';

const vaultHost = { by: 'vault-host/1' };

async function backedUp() {
  const s = await scenario({ by: 'crm-host/7' });
  const full = await s.backup('full');
  const newest = await s.backup('incremental');
  return { ...s, full, newest };
}

test('an identity from escrow opens the newest backup with its chain, and the log says so', async () => {
  await using s = await backedUp();
  const agent = await s.open(vaultHost);
  const [identity = ''] = await agent.recoveryIdentities();
  const report = await drillEscrow(agent, { job: 'crm' }, run);

  assert.equal(report.backup, s.newest.id);
  assert.deepEqual(report.chain, [s.full.id, s.newest.id]);
  assert.equal(report.read.objects, countObjects(s.full) + countObjects(s.newest));
  assert.equal(report.configuredAs, 'keys.recipients[0]');
  assert.equal(report.onWritersHost, false);
  assert.equal(report.recorded, true);

  const log = await readLogOnly(agent, await agent.openRepository('primary'), 'crm');
  const recipient = recipientFingerprint(await recipientOf(identity));
  assert.deepEqual(log.at(-1)?.commit.subject, { type: 'escrow', id: s.newest.id, recipient });
  const { recipients } = await keysStatus(agent, 'crm');
  assert.equal(
    recipients.find(({ fingerprint }) => fingerprint === recipient)?.provenAt,
    log.at(-1)?.commit.at,
  );
});

test('a drill on the host that wrote the backup says that it proves little', async () => {
  await using s = await backedUp();
  assert.equal((await drillEscrow(s.agent, { job: 'crm' }, run)).onWritersHost, true);
});

test('an identity that the backups were not made for is refused, and nothing is recorded', async () => {
  await using s = await backedUp();
  const { identity } = await generateIdentity();
  const agent = { ...(await s.open(vaultHost)), recoveryIdentities: async () => [identity] };
  await assert.rejects(drillEscrow(agent, { job: 'crm' }, run), { code: 'identity-wrong' });
  const log = await readLogOnly(s.agent, await s.agent.openRepository('primary'), 'crm');
  assert.deepEqual(
    log.map(({ commit }) => commit.subject.type),
    ['backup', 'backup'],
  );
});

test('a damaged object is named, and no proof is recorded', async () => {
  await using s = await backedUp();
  const key = objectKey('crm', s.full.id, 'objects', s.full.objects[0]?.name ?? '');
  const bytes = await readFile(s.file('primary', key));
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  await writeFile(s.file('primary', key), bytes);
  const report = await drillEscrow(s.agent, { job: 'crm' }, run);
  assert.deepEqual(
    report.damage.map((found) => found.key),
    [key],
  );
  assert.equal(report.recorded, false);
});

test('without a backup there is nothing to drill', async () => {
  await using s = await scenario();
  await s.agent.openOrCreateRepository('primary');
  await assert.rejects(drillEscrow(s.agent, { job: 'crm' }, run), { code: 'backup-unknown' });
});

function countObjects({
  objects,
  meta,
}: {
  objects: readonly unknown[];
  meta: readonly unknown[];
}) {
  return objects.length + meta.length;
}
