import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Evidence } from '../../../contracts/evidence.ts';
import { holdBackup } from '../../../backup-agent/operations/hold.ts';
import { readHistory } from '../../../backup-agent/operations/history.ts';
import { pruneBackups } from '../../../backup-agent/operations/prune.ts';
import { verifyBackups } from '../../../backup-agent/operations/verify.ts';
import { appendCommit } from '../../../backup-agent/repository/commit-log.ts';
import { evidenceDocument, sealDocument } from '../../../backup-agent/repository/documents.ts';
import { evidenceKey } from '../../../backup-agent/repository/layout.ts';
import { sha256Hex } from '../../../backup-agent/stream/digest.ts';
import { run, scenario } from './scenario.ts';
import { openLocalStorage } from '../../../backup-agent/storage/local.ts';
import { createTestSource } from './test-source.ts';

/**
 * Writes tests/fixtures/repository-v1: `node tests/operations/support/make-repository-fixture.ts`.
 * Run once for a format version; what it wrote then must be read by every later version.
 */
const target = join(import.meta.dirname, '../../fixtures/repository-v1');
await using s = await scenario({ job: { retention: { keepLast: 3 } } });
const storage = (name: string) => openLocalStorage(join(s.directory, name), { clock: s.now });
const agent = await s.open({ storage, by: 'fixture/1' });
await s.backup('full', agent);
s.pass(1);
const full = await s.backup('full', agent);
await s.backup('incremental', agent);
await s.backup('differential', agent);
const partial = await s.open({
  storage,
  by: 'fixture/1',
  source: createTestSource({ problems: 1 }),
});
await s.backup('full', partial);
await holdBackup(agent, {
  job: 'crm',
  repository: 'primary',
  backup: full.id,
  reason: 'kept as an example',
});
await verifyBackups(agent, { job: 'crm', deep: true }, run);
await recordDrill();
await pruneBackups(agent, { job: 'crm', confirm: true }, run);

await rm(target, { recursive: true, force: true });
await mkdir(target, { recursive: true });
await cp(join(s.directory, 'primary'), join(target, 'repository'), {
  recursive: true,
  filter: (path) => !path.includes('.unfinished'),
});
await cp(join(s.directory, 'keys.json'), join(target, 'test-identity-and-test-keys.json'));
await writeFile(
  join(target, 'README.md'),
  'A repository of format 1, as version 0.1.0 wrote it. The identity and keys beside it were made for\nthis fixture alone and protect nothing: they are test keys. Never change a file here.\n',
);

async function recordDrill(): Promise<void> {
  const repository = await agent.openRepository('primary');
  const { log, backups } = await readHistory(agent, repository, 'crm');
  const record = backups.find(({ manifest }) => manifest.id === full.id);
  const at = s.now().toISOString();
  const evidence: Evidence = {
    format: 'holdfast-evidence/1',
    repositoryId: repository.id,
    repository: 'primary',
    job: 'crm',
    id: '20260302T001000Z-d0d0d0',
    by: 'fixture/1',
    tool: { name: 'holdfast', version: '0.1.0' },
    startedAt: at,
    finishedAt: at,
    backup: {
      id: full.id,
      manifestDigest: record?.digest ?? '',
      chain: [full.id],
      point: full.point,
    },
    sandbox: { type: 'local', serverVersion: '15.18' },
    phases: [{ name: 'restore', durationMs: 1 }],
    assertions: [
      {
        name: 'row counts',
        outcome: 'passed',
        durationMs: 1,
        summary: '1 of 1',
        compared: 1,
        failed: 0,
        unproven: 0,
      },
    ],
    objectives: [{ name: 'rto', targetMs: 10, measuredMs: 1, met: true }],
    totals: { tables: 1, rows: 1, files: 0, fileBytes: 0 },
    outcome: 'passed',
  };
  const key = await agent.signingKey('drill');
  const bytes = sealDocument(evidenceDocument, evidence, key);
  await repository.storage.put(evidenceKey('crm', evidence.id), bytes, { ifAbsent: true });
  const extended = await appendCommit(
    {
      repository,
      job: 'crm',
      subject: { type: 'evidence', id: evidence.id, digest: sha256Hex(bytes) },
      key,
      by: agent.by,
      now: s.now,
      signal: agent.signal,
      stillValid: () => false,
    },
    log,
  );
  await agent.seenCommits.remember(repository, 'crm', extended);
}
