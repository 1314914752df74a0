import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { HoldfastError } from '../errors/holdfast-error.ts';

/** An Ed25519 key that signs; printing or serialising it shows no secret. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  /** SubjectPublicKeyInfo, DER, base64: what verifiers pin. */
  readonly publicKey: string;
  readonly keyId: string;
}

export interface GeneratedSigningKey {
  /** PKCS #8, PEM: the secret. */
  readonly privateKeyPem: string;
  /** SubjectPublicKeyInfo, PEM: what `openssl` checks signatures with. */
  readonly publicKeyPem: string;
  /** The same, DER in base64 on one line: what verifiers pin. */
  readonly publicKey: string;
  readonly keyId: string;
}

/** A new Ed25519 signing key from the operating system's randomness. */
export function generateSigningKey(): GeneratedSigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }),
    ...publicParts(publicKey),
  };
}

/** Reads a private key in PKCS #8 PEM; `key-invalid` unless it is Ed25519. */
export function parseSigningKey(pem: string, where = 'signing key'): SigningKey {
  const privateKey = parse(() => createPrivateKey(pem), where);
  return { privateKey, ...publicParts(createPublicKey(privateKey)) };
}

/** Reads a pinned public key (SPKI, DER, base64); `key-invalid` unless it is Ed25519. */
export function parsePublicKey(base64: string, where = 'public key'): KeyObject {
  const key = Buffer.from(base64, 'base64');
  return parse(() => createPublicKey({ key, type: 'spki', format: 'der' }), where);
}

/** SHA-256 of the public key's SPKI DER, lower-case hex: names a key, proves nothing. */
export function keyIdOf(publicKey: string): string {
  return createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex');
}

function publicParts(key: KeyObject): { publicKey: string; keyId: string } {
  const publicKey = key.export({ type: 'spki', format: 'der' }).toString('base64');
  return { publicKey, keyId: keyIdOf(publicKey) };
}

function parse(read: () => KeyObject, where: string): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = read();
  } catch {
    // The cause might quote the secret.
  }
  if (key?.asymmetricKeyType !== 'ed25519')
    throw new HoldfastError('key-invalid', `${where}: not an Ed25519 key`);
  return key;
}
