import type { z } from 'zod';
import { commit, type Commit, type SignerRole } from '../../contracts/commit.ts';
import { erasure, type Erasure } from '../../contracts/erasure.ts';
import { evidence, type Evidence } from '../../contracts/evidence.ts';
import { manifest, type Manifest } from '../../contracts/manifest.ts';
import { HoldfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import {
  openParsedEnvelope,
  parseEnvelope,
  signEnvelope,
  type Covered,
  type OpenedEnvelope,
} from '../keys/envelope.ts';
import type { SigningKey } from '../keys/signing-key.ts';
import type { TrustedKey } from '../keys/trust.ts';
import { parseJson } from './small-objects.ts';

interface DocumentKind<Value> {
  readonly payloadType: string;
  readonly schema: z.ZodType<Value>;
  /** Who may sign it. */
  readonly roles: (value: Value) => readonly SignerRole[];
  /** When it says it was signed. */
  readonly at: (value: Value) => string;
}

const commitRoles: Record<Commit['subject']['type'], readonly SignerRole[]> = {
  backup: ['writer'],
  evidence: ['drill'],
  verification: ['drill'],
  escrow: ['drill'],
  // What is erased, the curator signs in the request itself; a copier only brings it along.
  erasure: ['curator', 'writer'],
  hold: ['curator'],
  release: ['curator'],
  prune: ['curator'],
};

export const manifestDocument: DocumentKind<Manifest> = {
  payloadType: 'application/vnd.holdfast.manifest+json',
  schema: manifest,
  roles: () => ['writer'],
  at: (value) => value.finishedAt,
};

export const commitDocument: DocumentKind<Commit> = {
  payloadType: 'application/vnd.holdfast.commit+json',
  schema: commit,
  roles: (value) => commitRoles[value.subject.type],
  at: (value) => value.at,
};

export const evidenceDocument: DocumentKind<Evidence> = {
  payloadType: 'application/vnd.holdfast.evidence+json',
  schema: evidence,
  roles: () => ['drill'],
  at: (value) => value.finishedAt,
};

export const erasureDocument: DocumentKind<Erasure> = {
  payloadType: 'application/vnd.holdfast.erasure+json',
  schema: erasure,
  roles: () => ['curator'],
  at: (value) => value.recordedAt,
};

/** A signed document as it is stored. */
export function sealDocument<Value>(
  kind: DocumentKind<Value>,
  value: Value,
  key: SigningKey,
): Uint8Array {
  return signEnvelope(kind.payloadType, Buffer.from(JSON.stringify(value)), key);
}

export interface OpenedDocument<Value> {
  readonly value: Value;
  /** The key whose signature counts. */
  readonly keyId: string;
}

/**
 * Opens a signed document and checks everything: envelope, signature by a key pinned for the role
 * that such a document needs, the key's period, payload type and shape. `where` names it in errors.
 */
export async function openDocument<Value>(
  kind: DocumentKind<Value>,
  bytes: Uint8Array,
  trust: readonly TrustedKey[],
  where: string,
): Promise<Value> {
  return (await openSigned(kind, bytes, trust, where)).value;
}

/** The same, with the signer; a signature that is `covered` is believed (docs/adr/0014). */
export async function openSigned<Value>(
  kind: DocumentKind<Value>,
  bytes: Uint8Array,
  trust: readonly TrustedKey[],
  where: string,
  covered?: Covered,
): Promise<OpenedDocument<Value>> {
  try {
    const envelope = parseEnvelope(bytes);
    // Read before the signature is checked, to learn which role must have signed, and for when.
    const value = parseJson(kind.schema, Buffer.from(envelope.payload, 'base64'), where);
    const at = new Date(kind.at(value));
    const opened = await openByAny(kind.roles(value), (role) =>
      openParsedEnvelope(envelope, trust, role, at, covered),
    );
    if (opened.payloadType !== kind.payloadType)
      throw new HoldfastError('document-malformed', `is a ${opened.payloadType} instead`);
    return { value, keyId: opened.keyId };
  } catch (error) {
    if (!isHoldfastError(error) || error.message.startsWith(where)) throw error;
    throw new HoldfastError(error.code, `${where}: ${error.message}`, {
      cause: error,
      problems: error.problems,
    });
  }
}

/** The first role that a pinned key has signed for; else what is wrong with the last. */
async function openByAny(
  roles: readonly SignerRole[],
  open: (role: SignerRole) => Promise<OpenedEnvelope>,
): Promise<OpenedEnvelope> {
  const [role, ...others] = roles;
  if (role === undefined) throw new TypeError('a document is signed by somebody');
  try {
    return await open(role);
  } catch (error) {
    if (others.length === 0 || !isHoldfastError(error, 'signer-untrusted')) throw error;
    return await openByAny(others, open);
  }
}
