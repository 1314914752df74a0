import { sign, verify as verifyWithCallback } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { SignerRole } from '../../contracts/commit.ts';
import { sha256 } from '../../contracts/names.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import type { SigningKey } from './signing-key.ts';
import { assertInPeriod, keyOf, pinsOf, type TrustedKey } from './trust.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** On the thread pool: ten thousand signatures are read side by side. */
const verify = promisify(verifyWithCallback);

export interface OpenedEnvelope {
  readonly payload: Uint8Array;
  readonly payloadType: string;
  /** The signer. */
  readonly keyId: string;
}

/** DSSE 1.0 (github.com/secure-systems-lab/dsse, envelope.md); fields unknown to it are ignored. */
const envelope = z.object({
  payloadType: z.string().min(1),
  payload: z.base64(),
  signatures: z.array(z.object({ keyid: sha256, sig: z.base64() })),
});
export type Envelope = z.infer<typeof envelope>;
type Signature = Envelope['signatures'][number];

/** What DSSE signs: type and content, each with its length, so that neither passes for the other. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = Buffer.from(payloadType);
  const head = `DSSEv1 ${type.length} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

/**
 * A DSSE envelope with one Ed25519 signature: JSON with each field on a line of its own, so that
 * `sed`, `base64` and `openssl` are enough to check it by hand.
 */
export function signEnvelope(
  payloadType: string,
  payload: Uint8Array,
  key: SigningKey,
): Uint8Array<ArrayBuffer> {
  const signature = sign(null, preAuthEncoding(payloadType, payload), key.privateKey);
  const document: Envelope = {
    payloadType,
    payload: Buffer.from(payload).toString('base64'),
    signatures: [{ keyid: key.keyId, sig: signature.toString('base64') }],
  };
  return new TextEncoder().encode(`${JSON.stringify(document, undefined, 2)}\n`);
}

/**
 * The content of an envelope that a key pinned for `role` has signed, at a moment in its period.
 * `at` is that moment, or finds it in the content, which by then is known to be authentic.
 *
 * Rejects with `document-malformed`, `signature-missing`, `signer-untrusted` (no signature is by a key
 * pinned for the role), `signature-invalid` (it claims to be, and is not), or `signer-out-of-period`.
 */
export async function openEnvelope(
  bytes: Uint8Array,
  trust: readonly TrustedKey[],
  role: SignerRole,
  at: Date | ((payload: Uint8Array) => Date),
): Promise<OpenedEnvelope> {
  return await openParsedEnvelope(parseEnvelope(bytes), trust, role, at);
}

/** Whether a signature by this key need not be computed, because another one by it covers it. */
export type Covered = (keyId: string) => boolean;

/** The same for an envelope that is parsed already. */
export async function openParsedEnvelope(
  document: Envelope,
  trust: readonly TrustedKey[],
  role: SignerRole,
  at: Date | ((payload: Uint8Array) => Date),
  covered: Covered = () => false,
): Promise<OpenedEnvelope> {
  const payload = Buffer.from(document.payload, 'base64');
  const isAuthentic = async (pin: TrustedKey, { keyid, sig }: Signature) => {
    if (covered(keyid)) return true;
    const signed = preAuthEncoding(document.payloadType, payload);
    return await verify(null, signed, keyOf(pin), Buffer.from(sig, 'base64'));
  };
  const { keyId, pins } = await findSigner(document, trust, role, isAuthentic);
  assertInPeriod(pins, at instanceof Date ? at : at(payload), keyId);
  return { payload, payloadType: document.payloadType, keyId };
}

/** Throws `document-malformed`, or `signature-missing` for a document without an envelope. */
export function parseEnvelope(bytes: Uint8Array): Envelope {
  let json: unknown;
  try {
    json = JSON.parse(utf8.decode(bytes));
  } catch (error) {
    throw new HoldfastError('document-malformed', 'a signed document is not JSON', {
      cause: error,
    });
  }
  if (typeof json === 'object' && json !== null && !('signatures' in json))
    throw new HoldfastError('signature-missing', 'the document is not in a signed envelope');
  const parsed = envelope.safeParse(json);
  if (!parsed.success)
    throw new HoldfastError('document-malformed', 'a signed document is not a DSSE envelope', {
      cause: parsed.error,
    });
  return parsed.data;
}

interface Signer {
  readonly keyId: string;
  readonly pins: readonly TrustedKey[];
}

async function findSigner(
  document: Envelope,
  trust: readonly TrustedKey[],
  role: SignerRole,
  isAuthentic: (pin: TrustedKey, signature: Signature) => Promise<boolean>,
): Promise<Signer> {
  if (document.signatures.length === 0)
    throw new HoldfastError('signature-missing', 'the envelope carries no signature');
  let claimed: string | undefined;
  for (const signature of document.signatures) {
    const { keyid } = signature;
    const pins = pinsOf(trust, role, keyid);
    const [pin] = pins;
    if (pin === undefined) continue;
    claimed = keyid;
    if (await isAuthentic(pin, signature)) return { keyId: keyid, pins };
  }
  if (claimed !== undefined)
    throw new HoldfastError('signature-invalid', `the signature by key ${claimed} does not match`);
  const ids = document.signatures.map((signature) => signature.keyid).join(', ');
  throw new HoldfastError('signer-untrusted', `signed by ${ids}, not pinned as ${role}`);
}
