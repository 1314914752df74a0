import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openInstallation, makeInstallation } from './installation.ts';
import { readHistory } from '../../../backup-agent/operations/history.ts';
import type { Agent } from '../../../backup-agent/operations/agent.ts';
import { createBackupReader } from '../../../backup-agent/repository/backup-reader.ts';
import { chainOf } from '../../../backup-agent/repository/chain.ts';
import { backupPrefix } from '../../../backup-agent/repository/layout.ts';
import { createFilesSource } from '../../../backup-agent/sources/files/source.ts';
import { restoreFiles } from '../../../backup-agent/sources/files/restore/restore-files.ts';
import type { BackupReader, Source } from '../../../backup-agent/sources/source.ts';
import { openLocalStorage } from '../../../backup-agent/storage/local.ts';
import type { Storage } from '../../../backup-agent/storage/storage.ts';
import { silentProgress } from '../../support/in-memory-backup.ts';

/** Small segments, so that a small tree has many. */
export const segmentBytes = 60_000;

export interface AttachmentsOptions {
  readonly wrap?: (storage: Storage) => Storage;
  readonly now?: () => Date;
  readonly source?: Source;
  readonly stateDirectory?: string;
  /** Ends after two minutes unless told. */
  readonly signal?: AbortSignal;
}

/** An installation that backs up the directory `source`. */
export async function openAttachments(
  directory: string,
  { wrap = (storage) => storage, now, source, stateDirectory, signal }: AttachmentsOptions = {},
): Promise<Agent> {
  return await openInstallation(directory, {
    source: source ?? attachmentsIn(join(directory, 'source')),
    storage: (name) => wrap(openLocalStorage(join(directory, name))),
    ...(now ? { now } : {}),
    ...(signal ? { signal } : {}),
    ...(stateDirectory === undefined ? {} : { stateDirectory }),
  });
}

/** Files larger than a segment come in parts, however small that is. */
export function attachmentsIn(path: string): Source {
  return createFilesSource({ path, segmentBytes, smallestPartBytes: segmentBytes });
}

/** Segments of 1 MiB, for files that are larger still. */
export function largeSegments(directory: string): Source {
  return createFilesSource({ path: join(directory, 'source'), segmentBytes: 2 ** 20 });
}

export async function makeAttachments(directory: string): Promise<void> {
  mkdirSync(join(directory, 'source'));
  await makeInstallation(directory);
}

/** The chain that ends with the backup, as who restores reads it. */
export async function readersOf(agent: Agent, id: string): Promise<BackupReader[]> {
  const repository = await agent.openRepository('primary');
  const { backups } = await readHistory(agent, repository, 'crm');
  const identities = await agent.recoveryIdentities();
  return chainOf(backups, id).map(({ manifest }) =>
    createBackupReader(repository.storage, manifest, identities),
  );
}

export async function restoreAttachments(agent: Agent, id: string, target: string) {
  return await restoreFiles({
    chain: await readersOf(agent, id),
    target,
    signal: agent.signal,
    progress: silentProgress,
  });
}

/** Sizes by key of what is stored of a backup. */
export async function storedOf(agent: Agent, id: string): Promise<Map<string, number>> {
  const { storage } = await agent.openRepository('primary');
  const stored = new Map<string, number>();
  for await (const { key, sizeBytes } of storage.list(backupPrefix('crm', id)))
    stored.set(key.slice(backupPrefix('crm', id).length), sizeBytes);
  return stored;
}
