import { createHash, createPublicKey, verify } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { Decrypter } from 'age-encryption';

/**
 * A reader of format 1 written from docs/format.md, with nothing of the agent in it: what the page
 * leaves out, this cannot know.
 */
export interface SecondReader {
  readonly root: string;
  readonly job: string;
  /** Public keys (SPKI, DER, base64) by role. */
  readonly keys: Readonly<Record<'writer' | 'drill' | 'curator', string>>;
  readonly identity: string;
}

// The documents are taken as they are, after their signature was checked.
// oxlint-disable-next-line typescript/no-explicit-any
type Document = any;

const roles: Record<string, readonly string[]> = {
  backup: ['writer'],
  evidence: ['drill'],
  verification: ['drill'],
  escrow: ['drill'],
  hold: ['curator'],
  release: ['curator'],
  prune: ['curator'],
  // Whoever committed it, the curator's signature inside decides.
  erasure: ['curator', 'writer'],
};

const byId = ([left]: [string, unknown], [right]: [string, unknown]) => (left < right ? -1 : 1);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

function open(
  bytes: Uint8Array,
  type: string,
  rolesOf: (value: Document) => readonly string[] | undefined,
  keys: Record<string, string>,
) {
  const envelope: Document = JSON.parse(Buffer.from(bytes).toString());
  const payload = Buffer.from(envelope.payload, 'base64');
  const value: Document = JSON.parse(payload.toString());
  const head = `DSSEv1 ${envelope.payloadType.length} ${envelope.payloadType} ${payload.length} `;
  const [signature] = envelope.signatures;
  const der = (rolesOf(value) ?? [])
    .map((role) => Buffer.from(keys[role] ?? '', 'base64'))
    .find((candidate) => sha256(candidate) === signature.keyid);
  if (der === undefined) throw new Error('signer');
  const key = createPublicKey({ key: der, type: 'spki', format: 'der' });
  if (envelope.payloadType !== `application/vnd.holdfast.${type}+json`) throw new Error('type');
  if (
    !verify(
      null,
      Buffer.concat([Buffer.from(head), payload]),
      key,
      Buffer.from(signature.sig, 'base64'),
    )
  )
    throw new Error('signature');
  return value;
}

/** The subjects of the log, in order; throws where a signature, number or link is wrong. */
export async function readLog({ root, job, keys }: SecondReader): Promise<Document[]> {
  const { repositoryId } = JSON.parse(await readFile(join(root, 'holdfast.json'), 'utf8'));
  const folder = join(root, 'jobs', job, 'commits');
  const subjects: Document[] = [];
  let previous: string | undefined;
  for (const [index, name] of (await readdir(folder)).toSorted().entries()) {
    const bytes = await readFile(join(folder, name));
    const commit = open(bytes, 'commit', ({ subject }) => roles[subject.type], keys);
    const right =
      commit.sequence === index + 1 &&
      name === `${String(commit.sequence).padStart(10, '0')}.json` &&
      commit.previous === previous &&
      commit.repositoryId === repositoryId &&
      commit.job === job;
    if (!right) throw new Error(`commit ${name}`);
    previous = sha256(bytes);
    subjects.push(commit.subject);
  }
  return subjects;
}

/** The manifests of the backups that exist, oldest first by id, with whether each is held. */
export async function readExisting(
  reader: SecondReader,
): Promise<{ manifest: Document; held: boolean }[]> {
  const existing = new Map<string, { digest: string; held: boolean }>();
  for (const subject of await readLog(reader)) {
    if (subject.type === 'backup')
      existing.set(subject.id, { digest: subject.digest, held: false });
    if (subject.type === 'prune') for (const id of subject.ids) existing.delete(id);
    const found = existing.get(subject.id);
    if (found && subject.type === 'hold') found.held = true;
    if (found && subject.type === 'release') found.held = false;
  }
  const { root, job, keys } = reader;
  const backups = [];
  for (const [id, { digest, held }] of [...existing].toSorted(byId)) {
    const bytes = await readFile(join(root, 'jobs', job, id, 'manifest.json'));
    if (sha256(bytes) !== digest) throw new Error(`manifest of ${id}`);
    backups.push({ manifest: open(bytes, 'manifest', () => ['writer'], keys), held });
  }
  return backups;
}

/** One object's content, after its size, digest and encryption were checked. */
export async function readContent(
  { root, job, identity }: SecondReader,
  manifest: Document,
  area: 'objects' | 'meta',
  name: string,
): Promise<Buffer> {
  const entry = manifest[area].find((candidate: Document) => candidate.name === name);
  const bytes = await readFile(join(root, 'jobs', job, manifest.id, area, name));
  if (bytes.length !== entry.sizeBytes || sha256(bytes) !== entry.sha256) throw new Error(name);
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  return zstdDecompressSync(await decrypter.decrypt(bytes));
}

/** Every drill's evidence that the log names. */
export async function readEvidence(reader: SecondReader): Promise<Document[]> {
  const { root, job, keys } = reader;
  const documents = [];
  for (const subject of await readLog(reader)) {
    if (subject.type !== 'evidence') continue;
    const bytes = await readFile(join(root, 'jobs', job, 'drills', `${subject.id}.json`));
    if (sha256(bytes) !== subject.digest) throw new Error(`evidence ${subject.id}`);
    documents.push(open(bytes, 'evidence', () => ['drill'], keys));
  }
  return documents;
}
