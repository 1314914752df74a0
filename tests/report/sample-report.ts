import type { Evidence } from '../../contracts/evidence.ts';
import { judgeObjectives, worstOf } from '../../backup-agent/operations/objectives.ts';
import type { RepositoryFacts } from '../../backup-agent/operations/job-facts.ts';
import type {
  JobReport,
  ReportedBackup,
  RepositoryReport,
  StatusReport,
} from '../../backup-agent/operations/status-report.ts';
import { decideRetention } from '../../backup-agent/repository/retention.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
export const now = new Date('2026-11-27T18:40:00Z');

/** The same numbers in every run. */
function noise(seed: number): number {
  const value = Math.sin(seed * 12.9898) * 43_758.5453;
  return value - Math.floor(value);
}

function backupId(at: Date): string {
  const time = at
    .toISOString()
    .replace(/\.\d{3}Z$/, 'Z')
    .replaceAll(/[-:]/g, '');
  return `${time}-${Math.floor(noise(at.getTime()) * 0xff_ffff)
    .toString(16)
    .padStart(6, '0')}`;
}

const gibibyte = 1024 ** 3;

/** A full each Sunday, an incremental each hour but in one bad night. */
function backupsOf(since: Date, scale: number): ReportedBackup[] {
  const backups: ReportedBackup[] = [];
  const badFrom = now.getTime() - 12 * dayMs;
  for (let atMs = since.getTime(); atMs < now.getTime(); atMs += hourMs) {
    const inBadNight = atMs > badFrom && atMs < badFrom + 9 * hourMs;
    if (inBadNight) continue;
    const at = new Date(atMs);
    const isFull = backups.length === 0 || (at.getUTCDay() === 0 && at.getUTCHours() === 0);
    const growth = 1 + (atMs - since.getTime()) / (400 * dayMs);
    const size = (isFull ? 42 * growth : 0.04 + 0.12 * noise(atMs)) * scale * gibibyte;
    const id = backupId(at);
    const parent = backups.at(-1);
    backups.push({
      id,
      kind: isFull ? 'full' : 'incremental',
      ...(isFull || !parent ? {} : { parent: parent.id }),
      base: isFull ? id : (parent?.base ?? id),
      startedAt: at.toISOString(),
      committedAt: new Date(atMs + (isFull ? 40 : 1) * 60_000).toISOString(),
      pointAt: at.toISOString(),
      storedBytes: Math.round(size),
      plaintextBytes: Math.round(size * 3.4),
      standing: atMs > now.getTime() - 4 * dayMs ? 'unproven' : 'proven',
      held: false,
    });
  }
  return backups;
}

function drillOf(job: string, repository: string, backup: ReportedBackup, atMs: number): Evidence {
  const failed = Math.floor(atMs / dayMs) % 31 === 7;
  const digest = 'a'.repeat(64);
  const names = [
    'chain and signatures hold',
    'every object is as signed',
    'everything restores',
    'tables hold what was backed up',
    'constraints hold',
    'indexes are sound',
    'probes answer as expected',
  ];
  return {
    format: 'holdfast-evidence/1',
    repositoryId: '00000000-0000-4000-8000-000000000000',
    repository,
    job,
    id: backupId(new Date(atMs)),
    by: 'drill-host',
    tool: { name: 'holdfast', version: '0.1.0' },
    startedAt: new Date(atMs).toISOString(),
    finishedAt: new Date(atMs + 40 * 60_000).toISOString(),
    backup: {
      id: backup.id,
      manifestDigest: digest,
      chain: [backup.id],
      point: { time: backup.pointAt },
    },
    sandbox: { type: 'local', serverVersion: '18.4' },
    phases: [],
    assertions: names.map((name, index) => ({
      name,
      outcome: failed && index === 3 ? 'failed' : index === 5 ? 'unproven' : 'passed',
      durationMs: 1_000,
      summary: '',
      compared: 120 - index,
      failed: failed && index === 3 ? 2 : 0,
      unproven: index === 5 ? 1 : 0,
    })),
    objectives: [
      { name: 'rpo', targetMs: 2 * hourMs, measuredMs: (0.4 + noise(atMs)) * hourMs, met: true },
      {
        name: 'rto',
        targetMs: hourMs,
        measuredMs: (0.4 + noise(atMs + 1) / 2) * hourMs,
        met: true,
      },
    ],
    totals: { tables: 118, rows: 48_210_377, files: 240_113, fileBytes: 61 * gibibyte },
    outcome: failed ? 'failed' : 'passed',
  };
}

function repositoryOf(
  since: Date,
  job: string,
  name: string,
  offsite: boolean,
  scale: number,
): RepositoryReport {
  const lagMs = offsite ? 20 * 60_000 : 0;
  const backups = backupsOf(since, scale)
    .map((backup) => ({
      ...backup,
      committedAt: new Date(Date.parse(backup.committedAt) + lagMs).toISOString(),
    }))
    .filter(({ committedAt }) => Date.parse(committedAt) < now.getTime());
  const drills = [];
  for (
    let atMs = since.getTime() + (offsite ? 4 : 1) * dayMs;
    atMs < now.getTime();
    atMs += 7 * dayMs
  ) {
    const backup = backups.findLast(({ committedAt }) => Date.parse(committedAt) < atMs);
    if (backup) drills.push(drillOf(job, name, backup, atMs));
  }
  return {
    repository: name,
    offsite,
    backups,
    taken: backups.map(({ id, kind, committedAt, pointAt }) => ({
      id,
      kind,
      committedAt,
      pointAt,
    })),
    drills,
    verifications: [{ at: new Date(now.getTime() - 30 * dayMs).toISOString(), passed: true }],
    retention: decideRetention(
      backups.map((backup) => ({
        ...backup,
        time: new Date(backup.pointAt),
        committedAt: new Date(backup.committedAt),
      })),
      { keepWithin: 7 * dayMs, keepDaily: 30, keepMonthly: 12 },
      now,
    ),
  };
}

function factsOf({ repository, offsite, backups, drills }: RepositoryReport): RepositoryFacts {
  const newest = backups.at(-1);
  const drill = drills.at(-1);
  return {
    repository,
    offsite,
    backups: backups.length,
    storedBytes: backups.reduce((sum, { storedBytes }) => sum + storedBytes, 0),
    plaintextBytes: backups.reduce((sum, { plaintextBytes }) => sum + plaintextBytes, 0),
    ...(newest ? { restorable: newest } : {}),
    ...(drill
      ? {
          lastDrill: {
            id: drill.id,
            at: drill.startedAt,
            outcome: drill.outcome,
            objectives: drill.objectives,
          },
        }
      : {}),
  };
}

function jobOf(since: Date, job: string, scale: number, rpo: number): JobReport {
  const repositories = [
    repositoryOf(since, job, 'primary', false, scale),
    repositoryOf(since, job, 'offsite-frankfurt', true, scale),
  ];
  const objectives = { rpo, rto: hourMs, drillInterval: 8 * dayMs, offsiteLag: 2 * hourMs };
  const facts = repositories.map(factsOf);
  const judged = judgeObjectives(objectives, facts, { now, verified: undefined });
  return {
    job,
    status: { job, state: worstOf(judged), objectives: judged, repositories: facts },
    configuration: {
      repository: 'primary',
      copies: ['offsite-frankfurt'],
      schedules: { full: '0 0 * * 0', incremental: '0 * * * *' },
      retention: { keepWithin: 7 * dayMs, keepDaily: 30, keepMonthly: 12 },
      objectives,
      maxChainAge: 7 * dayMs,
    },
    repositories,
    access: {
      job,
      repository: 'primary',
      backups: repositories[0]?.backups.length ?? 0,
      recipients: [
        {
          fingerprint: '3f'.repeat(32),
          name: 'keys.recipients[0]',
          opens: 'objects',
          backups: 2_100,
          current: true,
          provenAt: '2026-11-20T09:00:00.000Z',
        },
        {
          fingerprint: '91'.repeat(32),
          name: 'metadata identity',
          opens: 'meta',
          backups: 2_100,
          current: true,
        },
        {
          fingerprint: 'c4'.repeat(32),
          name: 'unknown',
          opens: 'objects',
          backups: 300,
          current: false,
        },
      ],
      identity: { present: false, unopened: [] },
      signing: [
        { role: 'writer', keyId: 'ab'.repeat(32), validFrom: since.toISOString() },
        {
          role: 'drill',
          keyId: 'cd'.repeat(32),
          validFrom: since.toISOString(),
          validUntil: '2027-11-27T00:00:00.000Z',
        },
      ],
    },
  };
}

/** A database and its attachments over some time; `rpoMs` decides how well that looks. */
export function sampleReport(rpoMs = 2 * hourMs, days = 90): StatusReport {
  const since = new Date(now.getTime() - days * dayMs);
  const jobs = [
    jobOf(since, 'crm-database', 1, rpoMs),
    jobOf(since, 'crm-attachments', 0.3, 24 * hourMs),
  ];
  return {
    at: now.toISOString(),
    since: since.toISOString(),
    by: 'backup-host (4711)',
    state: worstOf(jobs.map(({ status }) => status)),
    jobs,
  };
}
