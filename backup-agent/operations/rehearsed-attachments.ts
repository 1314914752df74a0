import { momentOf } from '../repository/backups.ts';
import type { RestoredAttachments } from '../drills/assertions/attachments.ts';
import { heldPaths } from '../drills/held-before.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { chainOf } from '../repository/chain.ts';
import type { Progress } from '../sources/source.ts';
import { restoreInWorker } from '../sources/files/worker/run-in-worker.ts';
import type { RestoreResult } from '../sources/postgres/restore/restore-postgres.ts';
import { openChain, type ReadingAgent, type SelectedBackup } from './select-backup.ts';

export interface RestoredFiles {
  /** Undefined when the drill has no attachments. */
  readonly root?: string;
  readonly files: number;
  readonly fileBytes: number;
}

/** Into an empty directory. Throws `object-damaged` for the first entry that was refused. */
export async function restoreAttachments(
  { record, readers }: SelectedBackup,
  target: string,
  context: { readonly signal: AbortSignal; readonly progress: Progress },
): Promise<RestoredFiles> {
  const isBucket = record.manifest.source.kind === 's3';
  const method = isBucket ? 'restoreObjects' : 'restore';
  const report = await restoreInWorker(method, { chain: readers, target, ...context });
  const [refused] = report.refused;
  if (refused) throw new HoldfastError('object-damaged', `${refused.where}: ${refused.what}`);
  return { root: target, files: report.restored, fileBytes: report.bytes };
}

/** What the rows of the restored database are held against. */
export function restoredAttachments(
  agent: ReadingAgent,
  attachments: SelectedBackup,
  { root }: RestoredFiles,
  { point }: RestoreResult,
): RestoredAttachments | undefined {
  if (root === undefined) return undefined;
  const databaseMoment = new Date(point.time);
  return {
    root,
    databaseMoment,
    directoriesTellDeletions: attachments.record.manifest.source.kind !== 's3',
    heldBefore: (paths) => heldBefore(agent, attachments, paths, databaseMoment),
  };
}

/** By the newest backup of the attachments that was taken before the rows' moment. */
async function heldBefore(
  agent: ReadingAgent,
  { backups, repository }: SelectedBackup,
  paths: ReadonlySet<string>,
  moment: Date,
): Promise<ReadonlySet<string>> {
  const before = backups.findLast((record) => momentOf(record) <= moment);
  if (!before) return new Set();
  const { readers } = await openChain(agent, repository, chainOf(backups, before.manifest.id));
  return await heldPaths(before.manifest.source.kind, readers, paths, agent.signal);
}
