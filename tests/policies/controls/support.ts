import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { signEnvelope } from '../../../backup-agent/keys/envelope.ts';
import { recipientFingerprint } from '../../../backup-agent/keys/recipients.ts';
import type { SigningKey } from '../../../backup-agent/keys/signing-key.ts';
import { configuration, type Configuration } from '../../../contracts/configuration.ts';
import type { Commit, SignerRole } from '../../../contracts/commit.ts';
import type { Evidence } from '../../../contracts/evidence.ts';
import { digestOf } from '../../../policies/controls/evidence/signed-document.ts';
import { testSigners } from '../../support/signing-keys.ts';

export const now = new Date('2026-11-27T12:00:00Z');

/** So many days before `now`. */
export function daysAgo(days: number): string {
  return new Date(now.getTime() - days * 86_400_000).toISOString();
}

export const signers = testSigners();
const escrow = 'age1pq1escrow';

/** A configuration with one database, its attachments, and a copy of both off-site. */
export function agentConfiguration(over: object = {}): Configuration {
  return configuration.parse(agentFile(over));
}

export function agentFile(over: object = {}): Record<string, unknown> {
  const job = {
    repository: 'primary',
    copies: ['offsite'],
    retention: { keepWithin: '14d', keepMonthly: 12 },
  };
  return {
    version: 1,
    repositories: {
      primary: { type: 's3', bucket: 'crm-primary', objectLock: 'compliance' },
      offsite: { type: 's3', bucket: 'crm-offsite', region: 'eu-west-1', objectLock: 'compliance' },
    },
    keys: {
      recipients: ['age1pq1recovery', escrow],
      metadataIdentity: { file: 'metadata' },
      trusted: signers.trust,
    },
    jobs: {
      'crm-database': {
        ...job,
        source: { type: 'postgres', url: 'postgres://holdfast@db.internal/crm' },
        objectives: { rpo: '30m', rto: '4h', drillInterval: '8d' },
        drill: {
          sandbox: { type: 'local' },
          attachments: { job: 'crm-attachments', query: 'SELECT path, sha256, size_bytes FROM a' },
        },
      },
      'crm-attachments': { ...job, source: { type: 'files', path: '/srv/crm' } },
    },
    groups: { crm: ['crm-database', 'crm-attachments'] },
    notifications: {
      channels: { team: { type: 'webhook', url: { env: 'TEAM_URL' } } },
    },
    ...over,
  };
}

/** A moment of a repository's past. */
export type Event =
  | { readonly backup: string }
  /** Of the second recipient, unless another is named. */
  | { readonly escrow: string; readonly recipient?: string }
  | { readonly verification: string; readonly failed?: boolean }
  | {
      readonly drill: string;
      readonly outcome?: Evidence['outcome'];
      readonly assertions?: string[];
      readonly rtoMs?: number;
    };

interface Written {
  readonly root: string;
  readonly repository: string;
  readonly job: string;
  readonly events: readonly Event[];
  readonly keys?: Readonly<Record<SignerRole, SigningKey>>;
}

/** Writes a job's signed log and drill records as docs/format.md says, and nothing else. */
export async function writeRecords({
  root,
  repository,
  job,
  events,
  keys = signers.keys,
}: Written): Promise<void> {
  const folder = join(root, repository, 'jobs', job);
  await mkdir(join(folder, 'commits'), { recursive: true });
  await mkdir(join(folder, 'drills'), { recursive: true });
  const repositoryId = randomUUID();
  let previous: string | undefined;
  for (const [index, event] of events.entries()) {
    const at = momentOf(event);
    const id = `${at.slice(0, 19).replaceAll(/[-:]/g, '')}Z-${index.toString(16).padStart(6, '0')}`;
    let subject: Commit['subject'] = { type: 'backup', id, digest: '0'.repeat(64) };
    if ('escrow' in event)
      subject = { type: 'escrow', id, recipient: recipientFingerprint(event.recipient ?? escrow) };
    if ('verification' in event)
      subject = {
        type: 'verification',
        passed: event.failed ? [] : [id],
        failed: event.failed ? [id] : [],
      };
    if ('drill' in event) {
      const record = drillRecord({ repositoryId, repository, job, id, at, event });
      const bytes = seal('evidence', record, keys.drill);
      await writeFile(join(folder, 'drills', `${id}.json`), bytes);
      subject = { type: 'evidence', id, digest: digestOf(bytes) };
    }
    const commit: Commit = {
      format: 'holdfast-commit/1',
      repositoryId,
      job,
      sequence: index + 1,
      ...(previous !== undefined && { previous }),
      subject,
      at,
      by: 'test/1',
    };
    const bytes = seal('commit', commit, subject.type === 'backup' ? keys.writer : keys.drill);
    previous = digestOf(bytes);
    await writeFile(join(folder, 'commits', `${String(index + 1).padStart(10, '0')}.json`), bytes);
  }
}

function momentOf(event: Event): string {
  if ('backup' in event) return event.backup;
  if ('escrow' in event) return event.escrow;
  return 'drill' in event ? event.drill : event.verification;
}

function seal(kind: 'commit' | 'evidence', content: object, key: SigningKey): Uint8Array {
  const payload = new TextEncoder().encode(JSON.stringify(content));
  return signEnvelope(`application/vnd.holdfast.${kind}+json`, payload, key);
}

interface Drill {
  readonly repositoryId: string;
  readonly repository: string;
  readonly job: string;
  readonly id: string;
  readonly at: string;
  readonly event: Extract<Event, { drill: string }>;
}

function drillRecord({ repositoryId, repository, job, id, at, event }: Drill): Evidence {
  const {
    outcome = 'passed',
    assertions = ['tables hold what was backed up'],
    rtoMs = 600_000,
  } = event;
  return {
    format: 'holdfast-evidence/1',
    repositoryId,
    repository,
    job,
    id,
    by: 'test/1',
    tool: { name: 'holdfast', version: '0.1.0' },
    startedAt: at,
    finishedAt: at,
    backup: { id, manifestDigest: '0'.repeat(64), chain: [id], point: { time: at } },
    sandbox: { type: 'local', serverVersion: '17.2' },
    ...(assertions.includes('no masked value survives') && {
      mask: 'crm',
      erasures: { requests: 2, applied: 1 },
    }),
    phases: [{ name: 'load', durationMs: rtoMs }],
    assertions: assertions.map((name) => ({
      name,
      outcome,
      durationMs: 1,
      summary: '1 of 1',
      compared: 1,
      failed: outcome === 'failed' ? 1 : 0,
      unproven: 0,
    })),
    objectives: [
      { name: 'rpo', targetMs: 1_800_000, measuredMs: 60_000, met: true },
      { name: 'rto', targetMs: 14_400_000, measuredMs: rtoMs, met: rtoMs <= 14_400_000 },
    ],
    totals: { tables: 1, rows: 1, files: 0, fileBytes: 0 },
    outcome: rtoMs <= 14_400_000 ? outcome : 'failed',
  };
}

/** Both repositories of both jobs, all as it should be; `drilledDaysAgo` is that of the primary. */
export async function writeHealthyRecords(root: string, drilledDaysAgo = 2): Promise<void> {
  const masked = ['tables hold what was backed up', 'no masked value survives'];
  const drill = (days: number): Event => ({ drill: daysAgo(days), assertions: masked });
  for (const job of ['crm-database', 'crm-attachments']) {
    const drills = job === 'crm-database';
    await writeRecords({
      root,
      repository: 'primary',
      job,
      events: [
        { backup: daysAgo(300) },
        ...(drills ? [drill(drilledDaysAgo)] : []),
        { backup: daysAgo(1) },
      ],
    });
    await writeRecords({
      root,
      repository: 'offsite',
      job,
      events: [
        { backup: daysAgo(300) },
        { escrow: daysAgo(90) },
        ...(drills ? [drill(60)] : []),
        { backup: daysAgo(1) },
      ],
    });
  }
}
