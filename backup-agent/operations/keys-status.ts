import { recipientOf } from '../keys/identities.ts';
import { recipientFingerprint } from '../keys/recipients.ts';
import { keyIdOf } from '../keys/signing-key.ts';
import type { BackupRecord } from '../repository/backups.ts';
import type { CommitRecord } from '../repository/commit-log.ts';
import { isHoldfastError } from '../errors/holdfast-error.ts';
import type { Agent } from './agent.ts';
import { readHistory, type History } from './history.ts';

export interface KeysStatus {
  readonly job: string;
  readonly repository: string;
  readonly backups: number;
  readonly recipients: readonly RecipientStatus[];
  /** Whether this host has an identity that opens contents, and what it does not open. */
  readonly identity: { readonly present: boolean; readonly unopened: readonly string[] };
  readonly signing: readonly SigningStatus[];
}

export interface RecipientStatus {
  /** SHA-256 of the recipient's text, as manifests name it. */
  readonly fingerprint: string;
  /** What the configuration calls it; `unknown` for one that it does not name any more. */
  readonly name: string;
  readonly opens: 'objects' | 'meta';
  readonly backups: number;
  readonly oldest?: string;
  readonly newest?: string;
  /** Whether the next backup is encrypted to it. */
  readonly current: boolean;
  /** When an escrow drill last opened a backup with its identity. */
  readonly provenAt?: string;
}

export interface SigningStatus {
  readonly role: string;
  readonly keyId: string;
  readonly validFrom: string;
  readonly validUntil?: string | undefined;
}

/** Which identity opens which backups, by the manifests; needs none of them. */
export async function keysStatus(
  agent: Agent,
  job: string,
  repositoryName?: string,
): Promise<KeysStatus> {
  const repository = await agent.openRepository(repositoryName ?? agent.job(job).repository);
  return await keysStatusOf(agent, job, repository.name, await readHistory(agent, repository, job));
}

/** The same of a history that was read before. */
export async function keysStatusOf(
  agent: Agent,
  job: string,
  repository: string,
  { log, backups }: History,
): Promise<KeysStatus> {
  const names = await knownNames(agent);
  const fingerprints = new Set([
    ...names.keys(),
    ...backups.flatMap(({ manifest: { recipients } }) => [
      ...recipients.objects,
      ...recipients.meta,
    ]),
  ]);
  const current = await agent.recipients();
  const used = new Set([...current.objects, ...current.meta].map(recipientFingerprint));
  return {
    job,
    repository,
    backups: backups.length,
    recipients: [...fingerprints].map((fingerprint) => ({
      fingerprint,
      name: names.get(fingerprint) ?? 'unknown',
      ...reach(backups, fingerprint),
      current: used.has(fingerprint),
      ...provenBy(log, fingerprint),
    })),
    identity: await identityReach(agent, backups),
    signing: agent.configuration.keys.trusted.map(({ role, publicKey, validFrom, validUntil }) => ({
      role,
      keyId: keyIdOf(publicKey),
      validFrom,
      validUntil,
    })),
  };
}

async function knownNames(agent: Agent): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  for (const identity of await agent.metadataIdentities())
    names.set(recipientFingerprint(await recipientOf(identity)), 'metadata identity');
  for (const [index, recipient] of agent.configuration.keys.recipients.entries())
    names.set(recipientFingerprint(recipient), `keys.recipients[${index}]`);
  return names;
}

function reach(backups: readonly BackupRecord[], fingerprint: string) {
  const inArea = (area: 'objects' | 'meta') =>
    backups.filter(({ manifest }) => manifest.recipients[area].includes(fingerprint));
  const objects = inArea('objects');
  const opened = objects.length > 0 ? objects : inArea('meta');
  const oldest = opened[0]?.manifest.id;
  const newest = opened.at(-1)?.manifest.id;
  return {
    opens: objects.length > 0 ? ('objects' as const) : ('meta' as const),
    backups: opened.length,
    ...(oldest === undefined ? {} : { oldest }),
    ...(newest === undefined ? {} : { newest }),
  };
}

function provenBy(log: readonly CommitRecord[], fingerprint: string) {
  const drill = log.findLast(
    ({ commit: { subject } }) => subject.type === 'escrow' && subject.recipient === fingerprint,
  );
  return drill ? { provenAt: drill.commit.at } : {};
}

async function identityReach(
  agent: Agent,
  backups: readonly BackupRecord[],
): Promise<KeysStatus['identity']> {
  let identities: readonly string[];
  try {
    identities = await agent.recoveryIdentities();
  } catch (error) {
    if (!isHoldfastError(error, 'identity-missing')) throw error;
    return { present: false, unopened: [] };
  }
  const own = new Set(
    await Promise.all(identities.map(async (one) => recipientFingerprint(await recipientOf(one)))),
  );
  const unopened = backups.filter(
    ({ manifest }) => !manifest.recipients.objects.some((one) => own.has(one)),
  );
  return { present: true, unopened: unopened.map(({ manifest }) => manifest.id) };
}
