import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Agent } from '../../../backup-agent/operations/agent.ts';
import { runBackup, type BackupRequest } from '../../../backup-agent/operations/backup.ts';
import { readHistory } from '../../../backup-agent/operations/history.ts';
import { silentProgress } from '../../support/in-memory-backup.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { makeInstallation, openInstallation, type InstallationOptions } from './installation.ts';

export const run = { progress: silentProgress };
export const dayMs = 86_400_000;

/** An installation whose clock a test moves; it starts in the past, so that files are never from the future. */
export async function scenario(options: InstallationOptions = {}) {
  const directory = await temporaryDirectory();
  await makeInstallation(directory.path);
  let ms = Date.parse('2026-03-01T00:00:00.000Z');
  const now = () => new Date(ms);
  const open = (more: InstallationOptions = {}) =>
    openInstallation(directory.path, { now, ...options, ...more });
  const agent = await open();
  return {
    directory: directory.path,
    agent,
    open,
    now,
    setTime: (time: Date) => (ms = time.getTime()),
    pass: (days: number) => (ms += days * dayMs),
    backup: async (kind: BackupRequest['kind'], by: Agent = agent) => {
      ms += 60_000;
      const [manifest] = await runBackup(by, { job: 'crm', kind }, run);
      if (!manifest) throw new Error('no backup was taken');
      return manifest;
    },
    ids: async (repository = 'primary') => {
      const { backups } = await readHistory(agent, await agent.openRepository(repository), 'crm');
      return backups.map(({ manifest }) => manifest.id);
    },
    file: (repository: string, key: string) => join(directory.path, repository, key),
    remove: (repository: string, key: string) => rm(join(directory.path, repository, key)),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}
