import { randomBytes, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { SignerRole } from '../contracts/commit.ts';
import type { Configuration } from '../contracts/configuration.ts';
import type { DrillConfiguration, Job, PostgresSourceConfiguration } from '../contracts/job.ts';
import type { RepositoryConfiguration } from '../contracts/repository.ts';
import type { SecretReference } from '../contracts/secret.ts';
import type { Environment } from './config/environment.ts';
import { loadConfiguration, type LoadedConfiguration } from './config/load-configuration.ts';
import { resolveSecret } from './config/resolve-secret.ts';
import type { Secret } from './config/secret.ts';
import type { Sandbox } from './drills/sandbox/sandbox.ts';
import { HoldfastError } from './errors/holdfast-error.ts';
import { parseSigningKey, type SigningKey } from './keys/signing-key.ts';
import { assertMaySign, pinsOf } from './keys/trust.ts';
import type { Agent, Masking } from './operations/agent.ts';
import { MaskingKey } from './privacy/masking-key.ts';
import type { Area } from './repository/layout.ts';
import {
  openOrCreateRepository,
  openRepository,
  type Repository,
} from './repository/repository.ts';
import { createSeenCommits, type SeenCommits } from './repository/seen-commits.ts';
import type { ConnectionTarget } from './sources/postgres/connection-target.ts';
import type { TokenPlace } from './sources/postgres/rds-token.ts';
import type { PostgresSourceOptions } from './sources/postgres/source.ts';
import type { SourceSetup } from './sources/postgres/source-setup.ts';
import type { Log, Source } from './sources/source.ts';
import { withLimits } from './storage/limits.ts';
import { openLocalStorage } from './storage/local.ts';
import { readOnly as withoutWrites } from './storage/read-only.ts';
import type { Storage } from './storage/storage.ts';

const readOnlyHint =
  'the configuration says readOnly of this repository: run the command on a host that may write to it';

export interface AgentOptions {
  readonly configFile: string;
  readonly environment: Environment;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  /** Replaces `keys.identity`: the identity file that a person names on the command line. */
  readonly identityFile?: string;
  /** Asks a person, where there is one, for what opens a protected identity file. */
  readonly askPassphrase?: (where: string) => Promise<string>;
  /** Told of each request to a repository's storage that failed and is repeated. */
  readonly onStorageRetry?: (repository: string) => void;
}

/** Reads the configuration, unless it is `loaded`, and builds the agent; opens nothing yet. */
export async function createAgent(
  options: AgentOptions,
  loaded?: LoadedConfiguration,
): Promise<Agent> {
  return new ComposedAgent(
    options,
    loaded ?? (await loadConfiguration(options.configFile, options.environment)),
  );
}

class ComposedAgent implements Agent {
  readonly configuration: Configuration;
  readonly directory: string;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly randomBytes = randomBytes;
  readonly by = `${hostname()}/${process.pid}`;
  readonly seenCommits: SeenCommits;
  readonly #options: AgentOptions;
  readonly #storages: Storage[] = [];
  /** Read once: whoever is asked for a passphrase is asked once. */
  #recoveryIdentities: Promise<readonly string[]> | undefined;

  constructor(options: AgentOptions, loaded: LoadedConfiguration) {
    this.#options = options;
    this.configuration = loaded.value;
    this.directory = loaded.directory;
    this.log = options.log;
    this.signal = options.signal;
    this.now = options.now;
    this.seenCommits = createSeenCommits(this.#path(loaded.value.stateDirectory), (error) =>
      this.log.warn(
        { error },
        `${error.message}; so this host does not notice from now on when the end of a log is cut off`,
      ),
    );
  }

  job(name: string): Job {
    const found = this.configuration.jobs[name];
    if (found) return found;
    const known = Object.keys(this.configuration.jobs).join(', ') || 'none';
    throw new HoldfastError('job-unknown', `there is no job ${name} (there are: ${known})`);
  }

  async openRepository(name: string, signal = this.signal): Promise<Repository> {
    return openRepository({ ...(await this.#openOptions(name)), signal });
  }

  async repositoryStorage(name: string): Promise<Storage> {
    return (await this.#openOptions(name)).storage;
  }

  async openOrCreateRepository(name: string, job?: string): Promise<Repository> {
    const options = await this.#openOptions(name);
    const { location } = options.storage;
    return openOrCreateRepository({
      ...options,
      newId: randomUUID,
      now: this.now,
      beforeCreation: () => this.seenCommits.assertNeverSeen({ name, location, job }),
      onCreated: () => this.log.info({ repository: name }, `made a new repository at ${location}`),
    });
  }

  async source(jobName: string): Promise<Source> {
    const { source } = this.job(jobName);
    // What reads a source takes longer to load than many a command that reads none takes at all.
    if (source.type === 'files') {
      const { createFilesSource } = await import('./sources/files/source.ts');
      return createFilesSource({
        path: this.#path(source.path),
        exclude: source.exclude,
        include: source.include,
        oneFileSystem: source.oneFileSystem,
        extendedAttributes: source.extendedAttributes,
        segmentBytes: source.segmentSize,
        inWorker: true,
      });
    }
    if (source.type === 's3') {
      const { createS3Source } = await import('./sources/s3/source.ts');
      return createS3Source({ ...source, segmentBytes: source.segmentSize });
    }
    const { createPostgresSource } = await import('./sources/postgres/source.ts');
    return createPostgresSource(this.#postgresOptions(jobName, source));
  }

  async postgresSetup(jobName: string, at?: { readonly host: string }): Promise<SourceSetup> {
    const { source } = this.job(jobName);
    if (source.type !== 'postgres')
      throw new HoldfastError('usage-invalid', `job ${jobName} backs up no PostgreSQL database`);
    const { withHost } = await import('./sources/postgres/connection-target.ts');
    const { resolveSetup } = await import('./sources/postgres/source.ts');
    const url = at ? withHost(source.url, at.host) : source.url;
    return resolveSetup(this.#postgresOptions(jobName, { ...source, url }));
  }

  #postgresOptions(job: string, configuration: PostgresSourceConfiguration): PostgresSourceOptions {
    const { password } = configuration;
    return {
      configuration,
      ...(password ? { password: (place) => this.#databasePassword(password, place) } : {}),
      environment: this.#options.environment.variables,
      job,
      directory: this.directory,
    };
  }

  async openSandbox(
    configuration: DrillConfiguration['sandbox'],
    majorVersion: number,
  ): Promise<Sandbox> {
    const password = configuration.type === 'dsn' ? configuration.password : undefined;
    const { openSandbox } = await import('./drills/sandbox/sandbox.ts');
    return openSandbox({
      configuration,
      majorVersion,
      sources: Object.values(this.configuration.jobs).flatMap(({ source }) =>
        source.type === 'postgres' ? [source.url] : [],
      ),
      environment: this.#options.environment.variables,
      signal: this.signal,
      ...(password ? { password: () => this.#secret(password) } : {}),
    });
  }

  async databaseTarget(url: string): Promise<ConnectionTarget> {
    const { resolveTarget } = await import('./sources/postgres/connection-target.ts');
    return resolveTarget({ url, environment: this.#options.environment.variables });
  }

  async masking(name: string): Promise<Masking> {
    const profile = this.configuration.maskingProfiles[name];
    if (!profile) {
      const known = Object.keys(this.configuration.maskingProfiles).join(', ') || 'none';
      throw new HoldfastError(
        'usage-invalid',
        `there is no masking profile ${name} (there are: ${known})`,
      );
    }
    const secret = await this.#secret(profile.key);
    return { profile, key: MaskingKey.from(secret, `maskingProfiles.${name}.key`) };
  }

  async signingKey(role: SignerRole): Promise<SigningKey> {
    const reference = this.configuration.keys.signing[role];
    if (!reference)
      throw new HoldfastError('key-invalid', `this host has no ${role} key: keys.signing.${role}`, {
        hint: 'run the command on a host that may sign so, or configure the key',
      });
    const where = `keys.signing.${role}`;
    const key = parseSigningKey(await this.#secret(reference), where);
    const { trusted } = this.configuration.keys;
    if (pinsOf(trusted, role, key.keyId).length === 0)
      throw new HoldfastError(
        'key-invalid',
        `${where}: key ${key.keyId} is not pinned as ${role} under keys.trusted, so nothing it signs would be accepted`,
        { hint: 'add its public key under keys.trusted here, and on every host that verifies' },
      );
    assertMaySign(trusted, [role], key, this.now());
    return key;
  }

  async recipients(): Promise<Record<Area, readonly string[]>> {
    const { recipientOf } = await import('./keys/identities.ts');
    const objects = this.configuration.keys.recipients;
    const own = await Promise.all((await this.metadataIdentities()).map(recipientOf));
    return { objects, meta: [...objects, ...own] };
  }

  async metadataIdentities(): Promise<readonly string[]> {
    return await this.#identities(
      this.configuration.keys.metadataIdentity,
      'keys.metadataIdentity',
    );
  }

  recoveryIdentities(): Promise<readonly string[]> {
    this.#recoveryIdentities ??= this.#readRecoveryIdentities();
    return this.#recoveryIdentities;
  }

  async #readRecoveryIdentities(): Promise<readonly string[]> {
    const { identityFile } = this.#options;
    const reference = identityFile
      ? { file: resolve(identityFile) }
      : this.configuration.keys.identity;
    if (!reference)
      throw new HoldfastError(
        'identity-missing',
        'this host has no recovery identity: neither --identity nor keys.identity names one',
      );
    return await this.#identities(reference, identityFile ?? 'keys.identity');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#storages.map((storage) => storage.close()));
  }

  async #openOptions(name: string) {
    const configured = this.configuration.repositories[name];
    if (!configured)
      throw new HoldfastError(
        'usage-invalid',
        `there is no repository ${name} in the configuration`,
      );
    const storage = await this.#openStorage(name, configured);
    this.#storages.push(storage);
    return { name, storage, trust: this.configuration.keys.trusted, signal: this.signal };
  }

  async #openStorage(name: string, configured: RepositoryConfiguration): Promise<Storage> {
    const { limits, readOnly } = configured;
    const storage = withLimits(await this.#openBareStorage(name, configured), limits);
    return readOnly ? withoutWrites(storage, readOnlyHint) : storage;
  }

  async #openBareStorage(name: string, configured: RepositoryConfiguration): Promise<Storage> {
    if (configured.type === 'local')
      // To ask the file system for its time takes a file, and nothing is written to such a one.
      return openLocalStorage(
        this.#path(configured.path),
        configured.readOnly ? { clock: this.now } : {},
      );
    // AWS's libraries take longer to load than everything else together: only where they are needed.
    const { openS3Storage } = await import('./storage/s3.ts');
    return openS3Storage({
      ...configured,
      retry: { onRetry: () => this.#options.onStorageRetry?.(name) },
    });
  }

  async #identities(reference: SecretReference, where: string): Promise<string[]> {
    const { readIdentities } = await import('./keys/identity-file.ts');
    return await readIdentities((await this.#resolve(reference)).bytes(), {
      where,
      ...this.#passphrase(where),
    });
  }

  #passphrase(where: string): { readonly passphrase?: () => Promise<string> } {
    const { identityPassphrase } = this.configuration.keys;
    const { askPassphrase } = this.#options;
    if (identityPassphrase) return { passphrase: () => this.#secret(identityPassphrase) };
    return askPassphrase ? { passphrase: () => askPassphrase(where) } : {};
  }

  async #databasePassword(
    password: NonNullable<PostgresSourceConfiguration['password']>,
    place: TokenPlace,
  ): Promise<string> {
    if ('rdsToken' in password) {
      const { rdsToken } = await import('./sources/postgres/rds-token.ts');
      return await rdsToken(place, password.rdsToken.region);
    }
    return await this.#secret(password);
  }

  async #secret(reference: SecretReference): Promise<string> {
    return (await this.#resolve(reference)).reveal();
  }

  async #resolve(reference: SecretReference): Promise<Secret> {
    return await resolveSecret(reference, {
      environment: this.#options.environment,
      baseDirectory: this.directory,
    });
  }

  #path(path: string): string {
    return resolve(this.directory, path);
  }
}
