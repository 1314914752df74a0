import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { ZipArchive } from 'archiver';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { readCommitLog } from '../repository/commit-log.ts';
import { commitKey, evidenceKey, manifestKey } from '../repository/layout.ts';
import type { Repository } from '../repository/repository.ts';
import { readSmall } from '../repository/small-objects.ts';
import type { Agent } from './agent.ts';
import type { ComplianceFile } from './compliance-files.ts';
import { findingsKey, readStoredFindings } from './evidence-findings.ts';
import { renderIndexPage } from './evidence-index-page.ts';
import { listEvidence, verifyEvidence, type FoundEvidence } from './evidence.ts';
import { openJobRepositories } from './job-repositories.ts';

export interface BundleOutcome {
  readonly file: string;
  readonly drills: number;
  /** What `verifyEvidence` found of the jobs; it stands on the index page, too. */
  readonly problems: number;
}

export interface BundleRequest {
  /** Drills from this moment on. */
  readonly since: Date;
  /** The zip file, which must not exist yet. */
  readonly file: string;
  /** From `readComplianceFiles`. */
  readonly compliance?: readonly ComplianceFile[];
}

/**
 * Packs, for an auditor, the drills of some jobs since a moment: signed evidence, encrypted findings,
 * the signed manifests of what was restored, the whole signed logs, the public keys that this host
 * trusts, what the policies say of the controls, and a page that lists them. The file must not exist yet. Everything in it checks with
 * `openssl`, as the page says.
 */
export async function bundleEvidence(
  agent: Agent,
  jobs: readonly string[],
  { since, file, compliance = [] }: BundleRequest,
): Promise<BundleOutcome> {
  const found: FoundEvidence[] = [];
  const reports = [];
  for (const job of jobs) {
    found.push(...(await listEvidence(agent, job, { since })));
    reports.push(await verifyEvidence(agent, job));
  }
  const page = renderIndexPage({
    drills: found.map(({ repository, evidence }) => ({
      evidence,
      file: fileIn(repository, evidenceKey(evidence.job, evidence.id)),
    })),
    reports,
    trusted: agent.configuration.keys.trusted,
    compliance,
    since,
    madeAt: agent.now(),
    by: agent.by,
  });
  await writeZip(file, entries({ agent, jobs, found, compliance, page }), agent);
  const problems = reports.reduce((sum, report) => sum + report.problems.length, 0);
  return { file, drills: found.length, problems };
}

interface Entry {
  readonly name: string;
  /** Whole in memory: archiver holds back streams of unknown size, and loses their errors. */
  readonly content: Uint8Array;
}

interface Contents {
  readonly agent: Agent;
  readonly jobs: readonly string[];
  readonly found: readonly FoundEvidence[];
  readonly compliance: readonly ComplianceFile[];
  readonly page: string;
}

async function* entries({ agent, jobs, found, compliance, page }: Contents): AsyncGenerator<Entry> {
  const { signal } = agent;
  yield { name: 'index.html', content: Buffer.from(page) };
  const trusted = JSON.stringify(agent.configuration.keys.trusted, null, 2);
  yield { name: 'trusted-keys.json', content: Buffer.from(`${trusted}\n`) };
  yield* compliance;
  const done = new Set<string>();
  const once = async function* (repository: Repository, key: string): AsyncGenerator<Entry> {
    const name = fileIn(repository, key);
    if (done.has(name)) return;
    done.add(name);
    yield { name, content: await readSmall(repository.storage, key, { signal }) };
  };
  for (const { repository, evidence } of found) {
    const { job, id, backup } = evidence;
    yield* once(repository, evidenceKey(job, id));
    for (const link of backup.chain) {
      // What was pruned since is only in the log.
      const key = manifestKey(job, link);
      if (await repository.storage.stat(key, { signal })) yield* once(repository, key);
    }
    const findings = await readStoredFindings(agent, repository, evidence);
    if (findings) yield { name: fileIn(repository, findingsKey(job, id)), content: findings };
  }
  // Of every job, drilled or not: the log tells of backups, copies and verifications, too.
  for (const job of jobs)
    for (const repository of await openJobRepositories(agent, job))
      for (const { commit } of await readCommitLog(repository, job, signal))
        yield* once(repository, commitKey(job, commit.sequence));
}

function fileIn(repository: Repository, key: string): string {
  return `${repository.name}/${key}`;
}

async function writeZip(file: string, content: AsyncIterable<Entry>, agent: Agent): Promise<void> {
  const { ZipArchive } = await import('archiver');
  const archive = new ZipArchive({ zlib: { level: 9 } });
  const written = pipeline(archive, createWriteStream(file, { flags: 'wx', mode: 0o600 }), {
    signal: agent.signal,
  });
  try {
    const date = agent.now();
    // Both at once: the archive takes no more than its consumer has read.
    await Promise.all([written, feed(archive, content, date)]);
  } catch (error) {
    archive.destroy();
    await written.catch(() => undefined);
    // What was there before is not ours to remove.
    if (isExists(error))
      throw new HoldfastError('usage-invalid', `${file} exists and is not overwritten`, {
        cause: error,
      });
    await rm(file, { force: true });
    throw error;
  }
}

async function feed(archive: ZipArchive, content: AsyncIterable<Entry>, date: Date): Promise<void> {
  for await (const { name, content: bytes } of content)
    archive.append(Buffer.from(bytes), { name, date, mode: 0o644 });
  await archive.finalize();
}

function isExists(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}
