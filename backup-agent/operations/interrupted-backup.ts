import { resolve } from 'node:path';
import type { BackupKind, Manifest, ObjectEntry } from '../../contracts/manifest.ts';
import { isHoldfastError } from '../errors/holdfast-error.ts';
import {
  journalFile,
  readJournal,
  readNote,
  type JournalContent,
  type JournalHeader,
  type JournalObject,
} from '../repository/backup-journal.ts';
import type { LeftObjects } from '../repository/backup-writer.ts';
import { everCommitted, newestBackupId, prunedSince } from '../repository/backups.ts';
import type { CommitRecord } from '../repository/commit-log.ts';
import { manifestDocument, openDocument } from '../repository/documents.ts';
import { backupPrefix, objectKey, plainName, type Area } from '../repository/layout.ts';
import type { Repository } from '../repository/repository.ts';
import type { InterruptedObject, Resumable } from '../sources/source.ts';
import type { StoredObject } from '../storage/storage.ts';
import type { Agent } from './agent.ts';
import { orphanGraceMs } from './orphan-grace.ts';

/** Where this host keeps the journal of a job's backup. */
export function journalOf(agent: Agent, repository: Repository, job: string): string {
  const state = resolve(agent.directory, agent.configuration.stateDirectory);
  return journalFile(state, repository.id, job);
}

/** A backup that was interrupted, and in which a run may go on. */
export interface Resumed {
  readonly journal: JournalContent;
  readonly left: LeftObjects;
}

export interface ResumeRequest {
  readonly job: string;
  readonly kind: BackupKind;
  readonly resumable: Resumable;
  readonly recipients: JournalHeader['recipients'];
}

/**
 * What an interrupted run left of the backup that is about to begin. Undefined when there is nothing,
 * when it was made for another state of the job or with other settings, when a prune has or may have
 * taken some of it, and when something is stored that the journal does not know.
 */
export async function findInterrupted(
  agent: Agent,
  repository: Repository,
  log: readonly CommitRecord[],
  { job, kind, resumable, recipients }: ResumeRequest,
): Promise<Resumed | undefined> {
  const file = journalOf(agent, repository, job);
  const journal = await readJournal(file);
  if (!journal || !isTimely(agent, log, journal)) return undefined;
  const { header } = journal;
  if (header.repositoryId !== repository.id || header.job !== job) return undefined;
  if (header.kind !== kind || header.plan !== resumable.plan) return undefined;
  if (JSON.stringify(header.recipients) !== JSON.stringify(recipients)) return undefined;
  const left = await leftObjects(agent, repository, file, journal);
  return left && { journal, left };
}

/** Nothing was committed since, and no prune may have swept anything. */
function isTimely(
  agent: Agent,
  log: readonly CommitRecord[],
  { header, lastAt }: JournalContent,
): boolean {
  return (
    (newestBackupId(log) ?? null) === header.newest &&
    !everCommitted(log).has(header.backup) &&
    !prunedSince(log, 0, header.backup) &&
    agent.now().getTime() - lastAt.getTime() < orphanGraceMs
  );
}

/**
 * The journal held against what is stored. A line without its object means that the run ended before
 * the object was published; an object without its line, or of another size, that something is wrong.
 */
async function leftObjects(
  { signal }: Agent,
  { storage }: Repository,
  file: string,
  { header, objects }: JournalContent,
): Promise<LeftObjects | undefined> {
  const { job, backup } = header;
  const stored = new Map<string, StoredObject>();
  for await (const object of storage.list(backupPrefix(job, backup), { signal }))
    stored.set(object.key, object);
  const entries: Record<Area, ObjectEntry[]> = { objects: [], meta: [] };
  const interrupted: Record<Area, InterruptedObject[]> = { objects: [], meta: [] };
  let plaintextBytes = 0;
  const known = new Set<string>();
  for (const object of objects) {
    const key = objectKey(job, backup, object.area, object.name);
    const found = stored.get(key);
    if (known.has(key) || (found && found.sizeBytes !== object.sizeBytes)) return undefined;
    known.add(key);
    interrupted[object.area].push(describe(file, object, found !== undefined));
    if (!found) continue;
    entries[object.area].push(entryOf(object, found));
    plaintextBytes += object.plaintextBytes;
  }
  for (const key of stored.keys()) if (!known.has(key)) return undefined;
  return { entries, plaintextBytes, interrupted: { note: header.note, ...interrupted } };
}

function describe(file: string, object: JournalObject, stored: boolean): InterruptedObject {
  return {
    name: plainName(object.name),
    stored,
    attempt: object.attempt,
    readNote: () => readNote(file, object),
  };
}

function entryOf({ name, sizeBytes, sha256 }: JournalObject, { version }: StoredObject) {
  return { name, sizeBytes, sha256, ...(version === undefined ? {} : { version }) };
}

/** A backup that lacks nothing but its commit, and perhaps its manifest. */
export interface Unpublished {
  readonly manifest: Manifest;
  readonly bytes: Uint8Array;
}

/** The backup whose run ended between sealing its manifest and the commit; undefined without one. */
export async function findUnpublished(
  agent: Agent,
  repository: Repository,
  job: string,
  log: readonly CommitRecord[],
): Promise<Unpublished | undefined> {
  const file = journalOf(agent, repository, job);
  const journal = await readJournal(file);
  if (!journal?.manifest || !isTimely(agent, log, journal)) return undefined;
  const { header, manifest: bytes } = journal;
  try {
    const manifest = await openDocument(manifestDocument, bytes, repository.trust, file);
    const fits =
      manifest.job === job &&
      manifest.id === header.backup &&
      manifest.repositoryId === repository.id &&
      (manifest.parent === undefined || manifest.parent === parentOf(log, header, manifest));
    return fits ? { manifest, bytes } : undefined;
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    agent.log.warn({ error, file }, 'the journal of an interrupted backup is not usable');
    return undefined;
  }
}

/** What it hangs on must exist: the newest, or for a differential the full of its chain. */
function parentOf(
  log: readonly CommitRecord[],
  { newest }: JournalHeader,
  { kind, parent }: Manifest,
): string | undefined {
  if (kind === 'incremental') return newest ?? undefined;
  const exists = parent !== undefined && everCommitted(log).has(parent);
  return exists && !prunedSince(log, 0, parent) ? parent : undefined;
}
