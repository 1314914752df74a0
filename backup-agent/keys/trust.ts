import type { SignerRole } from '../../contracts/commit.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { keyIdOf } from './signing-key.ts';

/** A signing key that a verifier accepts, pinned in its own configuration. */
export interface TrustedKey {
  readonly role: SignerRole;
  /** Ed25519, SPKI DER, base64. */
  readonly publicKey: string;
  /** RFC 3339. */
  readonly validFrom: string;
  /** RFC 3339, exclusive; left out, until it is taken out of the configuration. */
  readonly validUntil?: string | undefined;
}

/** A key may be pinned for several roles, and for several periods of one. */
export function pinsOf(
  trust: readonly TrustedKey[],
  role: SignerRole,
  keyId: string,
): readonly TrustedKey[] {
  return trust.filter((key) => key.role === role && keyIdOf(key.publicKey) === keyId);
}

/** Throws `signer-out-of-period` unless one of a key's pins holds at `at`. */
export function assertInPeriod(pins: readonly TrustedKey[], at: Date, keyId: string): void {
  const inPeriod = pins.some(
    ({ validFrom, validUntil }) =>
      at >= new Date(validFrom) && (validUntil === undefined || at < new Date(validUntil)),
  );
  if (!inPeriod)
    throw new HoldfastError(
      'signer-out-of-period',
      `key ${keyId} signed for ${at.toISOString()}, outside its period of validity`,
    );
}
