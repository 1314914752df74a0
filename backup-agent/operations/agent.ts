import type { Configuration } from '../../contracts/configuration.ts';
import type { SignerRole } from '../../contracts/commit.ts';
import type { DrillConfiguration, Job } from '../../contracts/job.ts';
import type { MaskingProfile } from '../../contracts/masking.ts';
import type { Sandbox } from '../drills/sandbox/sandbox.ts';
import type { MaskingKey } from '../privacy/masking-key.ts';
import type { SigningKey } from '../keys/signing-key.ts';
import type { Area } from '../repository/layout.ts';
import type { Repository } from '../repository/repository.ts';
import type { SeenCommits } from '../repository/seen-commits.ts';
import type { ConnectionTarget } from '../sources/postgres/connection-target.ts';
import type { SourceSetup } from '../sources/postgres/source-setup.ts';
import type { Log, Progress, Source } from '../sources/source.ts';
import type { Storage } from '../storage/storage.ts';

/**
 * What the use cases work with. The composition root builds it from the configuration; nothing is
 * opened, resolved or decrypted before a use case asks for it.
 */
export interface Agent extends AsyncDisposable {
  readonly configuration: Configuration;
  /** Relative paths of the configuration start here. */
  readonly directory: string;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly randomBytes: (count: number) => Uint8Array;
  /** Host and process, for leases and the audit trail. */
  readonly by: string;
  /** What was last seen of each log, to notice a rollback. */
  readonly seenCommits: SeenCommits;

  /** Throws `job-unknown`, naming the jobs there are. */
  job(name: string): Job;
  /**
   * Throws `repository-not-found` where none is.
   *
   * @param signal - ends the attempt sooner than the run's own would
   */
  openRepository(name: string, signal?: AbortSignal): Promise<Repository>;
  /** Where a repository is, or would be. */
  repositoryStorage(name: string): Promise<Storage>;
  /**
   * Throws `repository-not-found` where this host has seen a repository that is not there now.
   *
   * @param job - counts as seen in a repository of this name, wherever that was
   */
  openOrCreateRepository(name: string, job?: string): Promise<Repository>;
  source(jobName: string): Promise<Source>;
  /**
   * Throws `usage-invalid` when the job backs up no PostgreSQL database.
   *
   * @param at - another server that holds the same database
   */
  postgresSetup(jobName: string, at?: { readonly host: string }): Promise<SourceSetup>;
  /** An empty database for a drill; `majorVersion` is that of the server that was backed up. */
  openSandbox(configuration: DrillConfiguration['sandbox'], majorVersion: number): Promise<Sandbox>;
  /** A database that a command names; its password comes from the surroundings, as libpq has it. */
  databaseTarget(url: string): Promise<ConnectionTarget>;
  /** A masking profile with its key; throws `usage-invalid` where the configuration has none so named. */
  masking(profile: string): Promise<Masking>;
  /**
   * Throws `key-invalid` when this host has no key for the role, or one that is not pinned, and
   * `key-out-of-period` when nobody would accept what it signs now. Asked before anything is written.
   */
  signingKey(role: SignerRole): Promise<SigningKey>;
  /** Whom objects and meta are encrypted to. */
  recipients(): Promise<Readonly<Record<Area, readonly string[]>>>;
  /** Opens `meta/`. */
  metadataIdentities(): Promise<readonly string[]>;
  /** Opens everything; throws `identity-missing` on a host that has none. */
  recoveryIdentities(): Promise<readonly string[]>;
}

export interface Masking {
  readonly profile: MaskingProfile;
  readonly key: MaskingKey;
}

/** What one run of a use case reports to. */
export interface Run {
  readonly progress: Progress;
}
