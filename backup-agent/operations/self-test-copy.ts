import { randomUUID } from 'node:crypto';
import { copyFile, link, mkdir, readdir, rename } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Manifest } from '../../contracts/manifest.ts';
import { generateIdentity, type GeneratedIdentity } from '../keys/identities.ts';
import { generateSigningKey, parseSigningKey, type SigningKey } from '../keys/signing-key.ts';
import { createBackupReader } from '../repository/backup-reader.ts';
import { appendCommit, type CommitRecord } from '../repository/commit-log.ts';
import { manifestDocument, sealDocument } from '../repository/documents.ts';
import { manifestKey, objectKey, storedName, type Area } from '../repository/layout.ts';
import { openOrCreateRepository, type Repository } from '../repository/repository.ts';
import { createSeenCommits, type SeenCommits } from '../repository/seen-commits.ts';
import type { BackupReader } from '../sources/source.ts';
import { openLocalStorage } from '../storage/local.ts';
import { compress } from '../stream/compress.ts';
import { digest, expectDigest, sha256Hex } from '../stream/digest.ts';
import { encrypt } from '../stream/encrypt.ts';
import { through, type ByteSource } from '../stream/transform.ts';
import type { Agent } from './agent.ts';
import type { SelectedBackup } from './select-backup.ts';

/** Keys that only a scratch repository trusts, gone with the self-test. */
export interface ThrowawayKeys {
  readonly writer: SigningKey;
  readonly identity: GeneratedIdentity;
}

export async function throwawayKeys(): Promise<ThrowawayKeys> {
  const writer = parseSigningKey(generateSigningKey().privateKeyPem);
  return { writer, identity: await generateIdentity() };
}

/** Copies the objects of chains below `directory`, as ciphertext, each checked against its manifest. */
export async function copyChains(
  chains: readonly SelectedBackup[],
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  const target = openLocalStorage(directory);
  for (const { repository, chain } of chains)
    for (const { manifest } of chain)
      for (const area of ['objects', 'meta'] as const)
        for (const entry of manifest[area]) {
          const key = objectKey(manifest.job, manifest.id, area, entry.name);
          const stored = await repository.storage.get(key, { signal });
          await target.put(key, through(stored, [expectDigest(entry, key)]), {
            ifAbsent: true,
            sizeBytes: entry.sizeBytes,
            signal,
          });
        }
}

/** Beside the state that a host keeps of a repository. */
function repositoryPath(directory: string): string {
  return join(directory, 'repository');
}

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };
export type ScratchManifest = Mutable<Manifest>;

export interface ScratchOptions {
  readonly directory: string;
  /** Where `copyChains` put the objects; shared by links and never written to. */
  readonly copied: string;
  readonly chains: readonly SelectedBackup[];
  readonly keys: ThrowawayKeys;
  readonly identities: readonly string[];
  readonly agent: Pick<Agent, 'signal' | 'now' | 'by' | 'randomBytes'>;
}

/** A repository of its own that holds copied chains: to be broken, then sealed, then drilled. */
export class ScratchRepository {
  /** By job, the full first. What a break changes here is signed as it then stands. */
  readonly manifests: ReadonlyMap<string, ScratchManifest[]>;
  readonly repository: Repository;
  readonly seenCommits: SeenCommits;
  /** A manifest that is stored without its signature. */
  unsigned: string | undefined;
  readonly #options: ScratchOptions;

  private constructor(options: ScratchOptions, repository: Repository) {
    this.#options = options;
    this.repository = repository;
    this.seenCommits = createSeenCommits(join(options.directory, 'state'));
    this.manifests = new Map(
      options.chains.map(({ chain }) => [
        chain[0]?.manifest.job ?? '',
        chain.map(({ manifest }) => structuredClone(manifest)),
      ]),
    );
  }

  static async create(options: ScratchOptions): Promise<ScratchRepository> {
    const { directory, copied, keys, agent } = options;
    const path = repositoryPath(directory);
    const validFrom = new Date(0).toISOString();
    const { publicKey } = keys.writer;
    const repository = await openOrCreateRepository({
      name: 'scratch',
      storage: openLocalStorage(path),
      trust: [{ role: 'writer', publicKey, validFrom }],
      signal: agent.signal,
      now: agent.now,
      newId: randomUUID,
    });
    await linkTree(copied, path);
    return new ScratchRepository(options, repository);
  }

  /** The file of a stored object, to be damaged. */
  fileOf({ job, id }: ScratchManifest, area: Area, stored: string): string {
    return join(repositoryPath(this.#options.directory), objectKey(job, id, area, stored));
  }

  /** A chain with the throw-away identity beside the real ones. */
  readers(job: string): BackupReader[] {
    const { identities, keys } = this.#options;
    const { storage } = this.repository;
    return (this.manifests.get(job) ?? []).map((manifest) =>
      createBackupReader(storage, manifest, [...identities, keys.identity.identity]),
    );
  }

  /** Puts other content in an object's place, with a manifest that fits it. */
  async replace(
    manifest: ScratchManifest,
    area: Area,
    name: string,
    content: ByteSource,
  ): Promise<void> {
    const stored = storedName(name);
    const file = this.fileOf(manifest, area, stored);
    const measured = digest();
    const { recipient } = this.#options.keys.identity;
    // The old object may be where the content comes from: it goes once the new one is whole.
    const key = `${objectKey(manifest.job, manifest.id, area, stored)}.new`;
    const { storage } = this.repository;
    await storage.put(
      key,
      through(content, [compress(), encrypt([recipient]), measured.transform]),
    );
    await rename(`${file}.new`, file);
    const { sizeBytes, sha256 } = measured.result();
    manifest[area] = manifest[area].map((entry) =>
      entry.name === stored ? { name: stored, sizeBytes, sha256 } : entry,
    );
  }

  /** Gives this repository a file of its own where it shared one, to be written to. */
  async unshare(manifest: ScratchManifest, area: Area, stored: string): Promise<void> {
    const file = this.fileOf(manifest, area, stored);
    await copyFile(file, `${file}.new`);
    await rename(`${file}.new`, file);
  }

  /** Puts two objects of a backup in each other's place, with a manifest that fits. */
  async swap(manifest: ScratchManifest, one: string, other: string): Promise<void> {
    const names = [storedName(one), storedName(other)] as const;
    const [first, second] = names.map((name) => this.fileOf(manifest, 'objects', name));
    const entries = names.map((name) => manifest.objects.find((entry) => entry.name === name));
    const [a, b] = entries;
    if (!first || !second || !a || !b) throw new TypeError('both objects must be there');
    await rename(first, `${first}.new`);
    await rename(second, first);
    await rename(`${first}.new`, second);
    manifest.objects = manifest.objects.map((entry) =>
      entry === a ? { ...b, name: a.name } : entry === b ? { ...a, name: b.name } : entry,
    );
  }

  /** Signs the manifests and commits them: from here on it is a repository like any other. */
  async seal(): Promise<void> {
    for (const manifests of this.manifests.values()) {
      let log: readonly CommitRecord[] = [];
      for (const manifest of manifests) log = await this.#commit(manifest, log);
    }
  }

  async #commit(
    manifest: ScratchManifest,
    log: readonly CommitRecord[],
  ): Promise<readonly CommitRecord[]> {
    const { repository } = this;
    const { keys, agent } = this.#options;
    const { job, id } = manifest;
    const bytes =
      this.unsigned === id
        ? Buffer.from(JSON.stringify(manifest))
        : sealDocument(manifestDocument, manifest, keys.writer);
    await repository.storage.put(manifestKey(job, id), bytes, { ifAbsent: true });
    const subject = { type: 'backup', id, digest: sha256Hex(bytes) } as const;
    const { by, now, signal } = agent;
    const stillValid = () => false;
    return await appendCommit(
      { repository, job, subject, key: keys.writer, by, now, signal, stillValid },
      log,
    );
  }
}

/** Hard links: a copy costs nothing, and an object that is replaced leaves the other's alone. */
async function linkTree(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const source = join(entry.parentPath, entry.name);
    const target = join(to, relative(from, source));
    await mkdir(dirname(target), { recursive: true });
    await link(source, target);
  }
}
