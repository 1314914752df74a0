import type { BackupKind, Manifest } from '../../contracts/manifest.ts';
import { createBackupReader } from '../repository/backup-reader.ts';
import { removeJournal, type BackupJournal } from '../repository/backup-journal.ts';
import { RepositoryBackupWriter } from '../repository/backup-writer.ts';
import { appendCommit, type CommitRecord } from '../repository/commit-log.ts';
import { manifestDocument, sealDocument } from '../repository/documents.ts';
import { existingBackups, prunedSince, type BackupRecord } from '../repository/backups.ts';
import { manifestKey } from '../repository/layout.ts';
import { acquireLease, leaseDurationMs } from '../repository/lease.ts';
import type { Repository } from '../repository/repository.ts';
import { createDocument } from '../repository/small-objects.ts';
import type { BackupRun, PreparedBackup, Resumable } from '../sources/source.ts';
import { sha256Hex } from '../stream/digest.ts';
import { version } from '../version.ts';
import { problemsName } from './backup-problems.ts';
import type { Agent, Run } from './agent.ts';
import { readLogOnly } from './history.ts';
import { findUnpublished, journalOf } from './interrupted-backup.ts';
import { lockOf } from './locks.ts';
import { fingerprintsOf, openBackup } from './open-backup.ts';
import { readyToSign } from './ready-to-sign.ts';
import { assertInService } from './retired-sources.ts';
import { usableChain } from './usable-chain.ts';

export interface BackupRequest {
  readonly job: string;
  /** `auto`: incremental where a chain young enough exists, else full. */
  readonly kind: BackupKind | 'auto';
  /** Waits for another run of the job to end. */
  readonly wait?: boolean;
  /** Attachments only: reads all content again, whatever size and times say. */
  readonly verifyContent?: boolean;
  /** Attachments only: a source that held something may be empty now. */
  readonly allowEmpty?: boolean;
}

const leaseWaitMs = 2_000;

/**
 * Runs one backup of a job: one backup, or as many as the source's backlog needs, each committed
 * before the next begins. What was committed stays, whatever happens afterwards.
 */
export async function runBackup(
  agent: Agent,
  request: BackupRequest,
  run: Run,
): Promise<readonly Manifest[]> {
  const job = agent.job(request.job);
  await readyToSign(agent, 'writer');
  await assertInService(agent, request.job);
  const repository = await agent.openOrCreateRepository(job.repository, request.job);
  await using lease = await acquireLease({
    storage: repository.storage,
    job: request.job,
    owner: agent.by,
    now: agent.now,
    durationMs: leaseDurationMs,
    signal: agent.signal,
    ...(request.wait ? { waitEveryMs: leaseWaitMs } : {}),
  });
  if (lease.takeover) agent.log.warn({ job: request.job }, lease.takeover);
  const session = await BackupSession.start(agent, repository, request.job);
  return await session.run(request, run);
}

/** What is to be taken after a backup that an interrupted run had all but finished. */
function kindAfter(
  asked: BackupRequest['kind'],
  finished: Manifest | undefined,
): BackupRequest['kind'] {
  return asked === 'full' && finished?.kind === 'full' ? 'incremental' : asked;
}

/** One run: the history it acts upon, growing with each commit. */
class BackupSession {
  readonly #agent: Agent;
  readonly #repository: Repository;
  readonly #job: string;
  #log: readonly CommitRecord[];
  #chain: readonly BackupRecord[];
  #journal: BackupJournal | undefined;

  static async start(agent: Agent, repository: Repository, job: string): Promise<BackupSession> {
    const log = await readLogOnly(agent, repository, job);
    await agent.seenCommits.assertUsable();
    return new BackupSession(
      agent,
      repository,
      job,
      log,
      await usableChain(agent, repository, log),
    );
  }

  private constructor(
    agent: Agent,
    repository: Repository,
    job: string,
    log: readonly CommitRecord[],
    chain: readonly BackupRecord[],
  ) {
    this.#agent = agent;
    this.#repository = repository;
    this.#job = job;
    this.#log = log;
    this.#chain = chain;
  }

  async run(request: BackupRequest, run: Run): Promise<Manifest[]> {
    const committed = await this.#publishInterrupted(run);
    for (
      let next: BackupRequest['kind'] | undefined = kindAfter(request.kind, committed.at(-1));
      next;
    ) {
      const asked: BackupRequest['kind'] = next;
      next = undefined;
      for await (const prepared of await this.#backUp({ ...request, kind: asked }, run)) {
        const manifest = await this.#commit(prepared);
        committed.push(manifest);
        // That was the state when the other run was interrupted; what is asked for is that of now.
        if (prepared.fromInterrupted) next = kindAfter(asked, manifest);
      }
    }
    return committed;
  }

  async #backUp({ kind, verifyContent, allowEmpty }: BackupRequest, { progress }: Run) {
    const agent = this.#agent;
    const source = await agent.source(this.#job);
    const identities = await agent.metadataIdentities();
    const run: BackupRun = {
      requested: this.#kindToTake(kind),
      chain: this.#chain.map(({ manifest }) =>
        createBackupReader(this.#repository.storage, manifest, identities),
      ),
      ...(verifyContent === undefined ? {} : { verifyContent }),
      ...(allowEmpty === undefined ? {} : { allowEmpty }),
      begin: (taken, resumable) => this.#begin(taken, resumable, progress),
      signal: agent.signal,
      log: agent.log,
      now: agent.now,
      progress,
    };
    return source.backup(run);
  }

  /** A chain that has reached its greatest age is closed by a new full, so that locks can end. */
  #kindToTake(kind: BackupRequest['kind']): BackupKind {
    const [base] = this.#chain;
    if (!base || kind === 'full') return 'full';
    const ageMs = this.#agent.now().getTime() - Date.parse(base.manifest.startedAt);
    if (ageMs >= this.#agent.job(this.#job).maxChainAge) return 'full';
    return kind === 'auto' ? 'incremental' : kind;
  }

  async #begin(
    kind: BackupKind,
    resumable: Resumable | undefined,
    progress: Run['progress'],
  ): Promise<RepositoryBackupWriter> {
    const { writer, journal } = await openBackup(this.#agent, {
      repository: this.#repository,
      job: this.#job,
      log: this.#log,
      kind,
      resumable,
      progress,
    });
    this.#journal = journal;
    return writer;
  }

  /** A run that was killed between sealing its manifest and the commit had only that left to do. */
  async #publishInterrupted({ progress }: Run): Promise<Manifest[]> {
    const found = await findUnpublished(this.#agent, this.#repository, this.#job, this.#log);
    if (!found) return [];
    progress.note(`commits the interrupted backup ${found.manifest.id}, which is whole`);
    await this.#publish(found.manifest, found.bytes);
    return [found.manifest];
  }

  async #commit(prepared: PreparedBackup): Promise<Manifest> {
    const key = await this.#agent.signingKey('writer');
    await this.#writeProblems(prepared);
    const manifest = await this.#manifest(prepared);
    const bytes = sealDocument(manifestDocument, manifest, key);
    await this.#journal?.manifest(bytes);
    await this.#publish(manifest, bytes);
    return manifest;
  }

  /** Manifest first, commit last: what no commit names does not exist. */
  async #publish(manifest: Manifest, bytes: Uint8Array): Promise<void> {
    const agent = this.#agent;
    const lock = lockOf(agent, this.#job, this.#repository.name, new Date(manifest.startedAt));
    await createDocument(this.#repository.storage, manifestKey(this.#job, manifest.id), bytes, {
      signal: agent.signal,
      ...lock,
    });
    const digest = sha256Hex(bytes);
    const newestBefore = existingBackups(this.#log).at(-1)?.id;
    const actedUpon = this.#log.length;
    this.#log = await appendCommit(
      {
        repository: this.#repository,
        job: this.#job,
        subject: { type: 'backup', id: manifest.id, digest },
        key: await agent.signingKey('writer'),
        by: agent.by,
        now: agent.now,
        signal: agent.signal,
        ...lock,
        // A prune may have swept this backup as the orphan of a dead writer.
        stillValid: (log) =>
          existingBackups(log).at(-1)?.id === newestBefore &&
          !prunedSince(log, actedUpon, manifest.id),
      },
      this.#log,
    );
    await agent.seenCommits.remember(this.#repository, this.#job, this.#log);
    await removeJournal(journalOf(agent, this.#repository, this.#job));
    const record = { manifest, digest, committedAt: manifest.finishedAt, held: false };
    this.#chain = manifest.kind === 'full' ? [record] : [...this.#chain, record];
  }

  /** They name tables and paths, so they stand in the encrypted part. */
  async #writeProblems({ writer, problems }: PreparedBackup): Promise<void> {
    const left = writer.interrupted?.meta.find(({ name }) => name === problemsName);
    if (problems.length > 0 && !left?.stored)
      await writer.writeMeta(problemsName, [Buffer.from(JSON.stringify(problems))]);
  }

  async #manifest(prepared: PreparedBackup): Promise<Manifest> {
    const { writer, kind, reason, point, problems, source, items } = prepared;
    if (!(writer instanceof RepositoryBackupWriter))
      throw new TypeError('a source yielded a writer that this run did not begin');
    const [base] = this.#chain;
    const parent = kind === 'differential' ? base : this.#chain.at(-1);
    const { objects, meta, plaintextBytes, storedBytes } = writer.written;
    return {
      format: 'holdfast-manifest/1',
      repositoryId: this.#repository.id,
      job: this.#job,
      id: writer.id,
      kind,
      ...(kind === 'full' || !parent ? {} : { parent: parent.manifest.id }),
      base: kind === 'full' || !base ? writer.id : base.manifest.id,
      ...(reason === undefined ? {} : { reason }),
      status: problems.length === 0 ? 'complete' : 'partial',
      problems: problems.length,
      startedAt: writer.startedAt.toISOString(),
      finishedAt: this.#agent.now().toISOString(),
      point,
      source: { ...source, kind: (await this.#agent.source(this.#job)).kind },
      items,
      plaintextBytes,
      storedBytes,
      objects: [...objects],
      meta: [...meta],
      recipients: fingerprintsOf(await this.#agent.recipients()),
      tool: { name: 'holdfast', version },
    };
  }
}
