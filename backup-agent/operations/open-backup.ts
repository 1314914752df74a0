import type { BackupKind, Manifest } from '../../contracts/manifest.ts';
import { recipientFingerprint } from '../keys/recipients.ts';
import { newBackupId } from '../repository/backup-id.ts';
import { BackupJournal } from '../repository/backup-journal.ts';
import { RepositoryBackupWriter } from '../repository/backup-writer.ts';
import { newestBackupId } from '../repository/backups.ts';
import type { CommitRecord } from '../repository/commit-log.ts';
import type { Area } from '../repository/layout.ts';
import type { Repository } from '../repository/repository.ts';
import type { Progress, Resumable } from '../sources/source.ts';
import type { Agent } from './agent.ts';
import { findInterrupted, journalOf, type Resumed } from './interrupted-backup.ts';
import { lockOf } from './locks.ts';

export interface OpenBackupRequest {
  readonly repository: Repository;
  readonly job: string;
  /** As it is acted upon. */
  readonly log: readonly CommitRecord[];
  readonly kind: BackupKind;
  readonly resumable: Resumable | undefined;
  readonly progress: Progress;
}

export interface OpenBackup {
  readonly writer: RepositoryBackupWriter;
  /** Of a backup that can be gone on with. */
  readonly journal: BackupJournal | undefined;
}

/** A new backup, or the one that an interrupted run left, if it is of use. */
export async function openBackup(agent: Agent, request: OpenBackupRequest): Promise<OpenBackup> {
  const { repository, job, log, kind, resumable, progress } = request;
  const recipients = await agent.recipients();
  const fingerprints = fingerprintsOf(recipients);
  const resumed =
    resumable &&
    (await findInterrupted(agent, repository, log, {
      job,
      kind,
      resumable,
      recipients: fingerprints,
    }));
  const startedAt = resumed ? new Date(resumed.journal.header.startedAt) : agent.now();
  const id =
    resumed?.journal.header.backup ??
    newBackupId(startedAt, agent.randomBytes, newestBackupId(log));
  const journal =
    resumable && (await openJournal(agent, request, { id, startedAt, fingerprints, resumed }));
  if (resumed) {
    const count = resumed.left.entries.objects.length;
    progress.note(`goes on in the interrupted backup ${id}: ${count} objects are stored`);
  }
  const writer = new RepositoryBackupWriter(
    {
      storage: repository.storage,
      job,
      id,
      recipients,
      compression: agent.job(job).compression,
      signal: agent.signal,
      ...lockOf(agent, job, repository.name, startedAt),
      ...(journal ? { journal } : {}),
      ...(resumed ? { left: resumed.left } : {}),
    },
    startedAt,
  );
  return { writer, journal };
}

interface Opening {
  readonly id: string;
  readonly startedAt: Date;
  readonly fingerprints: Manifest['recipients'];
  readonly resumed: Resumed | undefined;
}

async function openJournal(
  agent: Agent,
  { repository, job, log, kind, resumable }: OpenBackupRequest,
  { id, startedAt, fingerprints, resumed }: Opening,
): Promise<BackupJournal> {
  const options = {
    now: agent.now,
    onBroken: (error: unknown) =>
      agent.log.warn({ error }, 'should this backup be interrupted, none can go on in it'),
  };
  const file = journalOf(agent, repository, job);
  if (resumed) return await BackupJournal.resume(file, options, resumed.journal);
  return await BackupJournal.start(file, options, {
    format: 'holdfast-backup-journal/1',
    repositoryId: repository.id,
    job,
    backup: id,
    kind,
    startedAt: startedAt.toISOString(),
    newest: newestBackupId(log) ?? null,
    recipients: fingerprints,
    plan: resumable?.plan ?? '',
    note: resumable?.note ?? '',
  });
}

/** As the manifest names recipients. */
export function fingerprintsOf(
  recipients: Readonly<Record<Area, readonly string[]>>,
): Manifest['recipients'] {
  return {
    objects: recipients.objects.map(recipientFingerprint),
    meta: recipients.meta.map(recipientFingerprint),
  };
}
