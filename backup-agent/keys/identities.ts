import {
  Decrypter,
  generateHybridIdentity,
  generateX25519Identity,
  identityToRecipient,
} from 'age-encryption';
import { HoldfastError } from '../errors/holdfast-error.ts';
import type { RecipientKind } from './recipients.ts';

export interface GeneratedIdentity {
  /** `AGE-SECRET-KEY-1…` or `AGE-SECRET-KEY-PQ-1…`: the secret. */
  readonly identity: string;
  /** `age1…` or `age1pq1…`: what to encrypt to. */
  readonly recipient: string;
}

export interface IdentityOptions {
  /** ML-KEM-768 with X25519; the `age` command reads it from version 1.3 on. */
  readonly postQuantum?: boolean;
}

/** A new age identity from the operating system's randomness. */
export async function generateIdentity(options: IdentityOptions = {}): Promise<GeneratedIdentity> {
  const identity = await (options.postQuantum ? generateHybridIdentity : generateX25519Identity)();
  return { identity, recipient: await recipientOf(identity) };
}

/** The recipient of an identity; `key-invalid` for anything that is not one. */
export async function recipientOf(identity: string): Promise<string> {
  assertIdentity(identity);
  return identityToRecipient(identity);
}

/** The kind of recipient that belongs to an identity. */
export function identityKind(identity: string): RecipientKind {
  assertIdentity(identity);
  return identity.startsWith('AGE-SECRET-KEY-PQ-1') ? 'hybrid' : 'x25519';
}

/** Throws `key-invalid`, without the secret, unless `identity` is a native age identity. */
export function assertIdentity(identity: string, where = 'identity'): void {
  try {
    new Decrypter().addIdentity(identity);
  } catch {
    // The cause might quote the secret.
    throw new HoldfastError('key-invalid', `${where}: not an age identity`);
  }
}
