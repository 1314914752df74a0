import { commit, type Commit, type SignerRole } from '../../../contracts/commit.ts';
import { evidence, type Evidence } from '../../../contracts/evidence.ts';
import type { JobFiles } from './evidence-files.ts';
import {
  digestOf,
  openSigned,
  type DocumentKind,
  type TrustedKey,
  UntrustedDocument,
} from './signed-document.ts';

/** Something that a reader of the records must know: they are not whole, or not to be believed. */
export interface EvidenceProblem {
  readonly job: string;
  readonly where: string;
  readonly what: string;
}

/** What the records of one job in one repository say, as far as they are authentic. */
export interface JobRecords {
  readonly job: string;
  readonly repository: string;
  /** The whole log, oldest first; up to the first break where it is broken. */
  readonly commits: readonly Commit[];
  /** Drills whose record is there and is the one that the log names, oldest first. */
  readonly drills: readonly Evidence[];
  readonly problems: readonly EvidenceProblem[];
}

/** Section "Signed documents" of docs/format.md. */
const signersOf: Readonly<Record<Commit['subject']['type'], readonly SignerRole[]>> = {
  backup: ['writer'],
  evidence: ['drill'],
  verification: ['drill'],
  escrow: ['drill'],
  erasure: ['curator', 'writer'],
  hold: ['curator'],
  release: ['curator'],
  prune: ['curator'],
};

const commitKind: DocumentKind<Commit> = {
  payloadType: 'application/vnd.holdfast.commit+json',
  schema: commit,
  roles: ({ subject }) => signersOf[subject.type],
  moment: ({ at }) => at,
};

const evidenceKind: DocumentKind<Evidence> = {
  payloadType: 'application/vnd.holdfast.evidence+json',
  schema: evidence,
  roles: () => ['drill'],
  moment: ({ finishedAt }) => finishedAt,
};

/** Checks signatures, links and digests, and keeps what holds. */
export function readJobRecords(files: JobFiles, trusted: readonly TrustedKey[]): JobRecords {
  const problems: EvidenceProblem[] = [];
  const problem = (where: string, error: unknown): void => {
    if (!(error instanceof UntrustedDocument)) throw error;
    problems.push({ job: files.job, where: `${files.repository}: ${where}`, what: error.message });
  };
  const commits = readLog(files, trusted, problem);
  const drills: Evidence[] = [];
  for (const { sequence, subject } of commits) {
    if (subject.type !== 'evidence') continue;
    // A bundle may begin later than the log.
    const bytes = files.evidence.get(subject.id);
    if (bytes === undefined) continue;
    try {
      if (digestOf(bytes) !== subject.digest)
        throw new UntrustedDocument(`is not the record that commit ${sequence} names`);
      const record = openSigned(bytes, evidenceKind, trusted);
      if (record.job !== files.job || record.id !== subject.id)
        throw new UntrustedDocument(`is the record of ${record.job} ${record.id}`);
      drills.push(record);
    } catch (error) {
      problem(`drill ${subject.id}`, error);
    }
  }
  const { job, repository } = files;
  return { job, repository, commits, drills, problems };
}

function readLog(
  files: JobFiles,
  trusted: readonly TrustedKey[],
  problem: (where: string, error: unknown) => void,
): Commit[] {
  const commits: Commit[] = [];
  let previous: string | undefined;
  for (let sequence = 1; sequence <= Math.max(0, ...files.commits.keys()); sequence += 1) {
    try {
      const bytes = files.commits.get(sequence);
      if (!bytes) throw new UntrustedDocument('is missing');
      const record = openSigned(bytes, commitKind, trusted);
      assertPlace(record, { files, sequence, previous, first: commits[0] });
      commits.push(record);
      previous = digestOf(bytes);
    } catch (error) {
      problem(`commit ${sequence}`, error);
      // What comes after a break proves nothing.
      return commits;
    }
  }
  return commits;
}

interface Place {
  readonly files: JobFiles;
  readonly sequence: number;
  readonly previous: string | undefined;
  readonly first: Commit | undefined;
}

function assertPlace(record: Commit, { files, sequence, previous, first }: Place): void {
  if (record.job !== files.job || record.sequence !== sequence)
    throw new UntrustedDocument(`was made for ${record.job} number ${record.sequence}`);
  if (first && record.repositoryId !== first.repositoryId)
    throw new UntrustedDocument('belongs to another repository');
  if (record.previous !== previous)
    throw new UntrustedDocument('does not follow the commit before it');
}
