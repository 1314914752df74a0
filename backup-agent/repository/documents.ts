import { z } from 'zod';
import { commit, type Commit, type SignerRole } from '../../contracts/commit.ts';
import { evidence, type Evidence } from '../../contracts/evidence.ts';
import { manifest, type Manifest } from '../../contracts/manifest.ts';
import { HoldfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import { openEnvelope, signEnvelope } from '../keys/envelope.ts';
import type { SigningKey } from '../keys/signing-key.ts';
import type { TrustedKey } from '../keys/trust.ts';
import { parseJson } from './small-objects.ts';

interface DocumentKind<Value> {
  readonly payloadType: string;
  readonly schema: z.ZodType<Value>;
  /** Who signs it. */
  readonly role: (value: Value) => SignerRole;
  /** When it says it was signed. */
  readonly at: (value: Value) => string;
}

const commitRoles = {
  backup: 'writer',
  evidence: 'drill',
  verification: 'drill',
  escrow: 'drill',
  hold: 'curator',
  release: 'curator',
  prune: 'curator',
} as const satisfies Record<Commit['subject']['type'], SignerRole>;

export const manifestDocument: DocumentKind<Manifest> = {
  payloadType: 'application/vnd.holdfast.manifest+json',
  schema: manifest,
  role: () => 'writer',
  at: (value) => value.finishedAt,
};

export const commitDocument: DocumentKind<Commit> = {
  payloadType: 'application/vnd.holdfast.commit+json',
  schema: commit,
  role: (value) => commitRoles[value.subject.type],
  at: (value) => value.at,
};

export const evidenceDocument: DocumentKind<Evidence> = {
  payloadType: 'application/vnd.holdfast.evidence+json',
  schema: evidence,
  role: () => 'drill',
  at: (value) => value.finishedAt,
};

/** A signed document as it is stored. */
export function sealDocument<Value>(
  kind: DocumentKind<Value>,
  value: Value,
  key: SigningKey,
): Uint8Array {
  return signEnvelope(kind.payloadType, Buffer.from(JSON.stringify(value)), key);
}

const unverifiedEnvelope = z.object({ payload: z.base64() });

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
  try {
    const value = unverifiedValue(kind, bytes, where);
    const opened = await openEnvelope(bytes, trust, kind.role(value), new Date(kind.at(value)));
    if (opened.payloadType !== kind.payloadType)
      throw new HoldfastError('document-malformed', `is a ${opened.payloadType} instead`);
    // The envelope holds one payload: the one that was read above is the one that was signed.
    return value;
  } catch (error) {
    if (!isHoldfastError(error) || error.message.startsWith(where)) throw error;
    throw new HoldfastError(error.code, `${where}: ${error.message}`, {
      cause: error,
      problems: error.problems,
    });
  }
}

/** Read before the signature is checked, to learn which role must have signed, and for when. */
function unverifiedValue<Value>(
  kind: DocumentKind<Value>,
  bytes: Uint8Array,
  where: string,
): Value {
  const document = parseJson(z.looseObject({}), bytes, where);
  if (!('signatures' in document))
    throw new HoldfastError('signature-missing', 'is not in a signed envelope');
  const { payload } = parseJson(unverifiedEnvelope, bytes, where);
  return parseJson(kind.schema, Buffer.from(payload, 'base64'), where);
}
