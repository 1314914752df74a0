import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { Configuration } from '../../../contracts/configuration.ts';
import type { SignerRole } from '../../../contracts/commit.ts';
import { sha256 } from '../../../contracts/names.ts';

/** A key whose signature the verifier accepts, as the agent's configuration pins it. */
export type TrustedKey = Configuration['keys']['trusted'][number];

/** A document that must not be believed; the message says why. */
export class UntrustedDocument extends Error {
  override readonly name = 'UntrustedDocument';
}

/** DSSE 1.0 (github.com/secure-systems-lab/dsse, envelope.md); docs/format.md says what it holds. */
const envelope = z.object({
  payloadType: z.string(),
  payload: z.base64(),
  signatures: z.array(z.object({ keyid: sha256, sig: z.base64() })).min(1, 'is not signed'),
});

export interface DocumentKind<Payload> {
  readonly payloadType: string;
  readonly schema: z.ZodType<Payload>;
  /** Who may have signed it. */
  readonly roles: (payload: Payload) => readonly SignerRole[];
  /** The moment at which the signer's key must have been valid. */
  readonly moment: (payload: Payload) => string;
}

/**
 * What a signed document says, once a key pinned for its role is known to have signed it within the
 * key's period.
 *
 * @throws {UntrustedDocument} unsigned, foreign, altered, out of period, or not what it should be
 */
export function openSigned<Payload>(
  bytes: Uint8Array,
  { payloadType, schema, roles, moment }: DocumentKind<Payload>,
  trusted: readonly TrustedKey[],
): Payload {
  const document = parseJson(envelope, bytes);
  if (document.payloadType !== payloadType)
    throw new UntrustedDocument(`is ${document.payloadType}, not ${payloadType}`);
  const content = Buffer.from(document.payload, 'base64');
  // What it claims to be decides which key may sign it; nothing of it is believed before that key did.
  const payload = parseJson(schema, content);
  const wanted = roles(payload);
  const signed = preAuthenticationEncoding(payloadType, content);
  const pins = document.signatures.flatMap(({ keyid, sig }) =>
    trusted.filter(
      (key) =>
        wanted.includes(key.role) &&
        keyId(key) === keyid &&
        verify(null, signed, publicKey(key), Buffer.from(sig, 'base64')),
    ),
  );
  if (pins.length === 0)
    throw new UntrustedDocument(`no key pinned as ${wanted.join(' or ')} has signed it`);
  const at = moment(payload);
  if (!pins.some((pin) => holdsAt(pin, at)))
    throw new UntrustedDocument(`was signed for ${at}, outside the key's period`);
  return payload;
}

export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function parseJson<Schema extends z.ZodType>(schema: Schema, bytes: Uint8Array): z.infer<Schema> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new UntrustedDocument('is not JSON', { cause: error });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UntrustedDocument(
    `is malformed: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
  );
}

function preAuthenticationEncoding(type: string, content: Uint8Array): Uint8Array {
  const length = Buffer.byteLength(type);
  return Buffer.concat([Buffer.from(`DSSEv1 ${length} ${type} ${content.length} `), content]);
}

const keyId = ({ publicKey: der }: TrustedKey): string => digestOf(Buffer.from(der, 'base64'));

function publicKey({ publicKey: der }: TrustedKey): KeyObject {
  return createPublicKey({ key: Buffer.from(der, 'base64'), format: 'der', type: 'spki' });
}

function holdsAt({ validFrom, validUntil }: TrustedKey, at: string): boolean {
  const time = Date.parse(at);
  return (
    time >= Date.parse(validFrom) && (validUntil === undefined || time < Date.parse(validUntil))
  );
}
