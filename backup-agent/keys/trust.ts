import type { KeyObject } from 'node:crypto';
import type { SignerRole } from '../../contracts/commit.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { keyIdOf, parsePublicKey, type SigningKey } from './signing-key.ts';

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

interface ParsedPin {
  readonly keyId: string;
  readonly fromMs: number;
  readonly untilMs: number;
  key?: KeyObject;
}

/** Parsed once: a log of ten thousand commits asks for the same few keys each time. */
const parsed = new WeakMap<TrustedKey, ParsedPin>();

function parsedPin(pin: TrustedKey): ParsedPin {
  const known = parsed.get(pin) ?? {
    keyId: keyIdOf(pin.publicKey),
    fromMs: Date.parse(pin.validFrom),
    untilMs: pin.validUntil === undefined ? Infinity : Date.parse(pin.validUntil),
  };
  parsed.set(pin, known);
  return known;
}

/** The key itself; `key-invalid` unless it is Ed25519. */
export function keyOf(pin: TrustedKey): KeyObject {
  const known = parsedPin(pin);
  known.key ??= parsePublicKey(pin.publicKey);
  return known.key;
}

/** A key may be pinned for several roles, and for several periods of one. */
export function pinsOf(
  trust: readonly TrustedKey[],
  role: SignerRole,
  keyId: string,
): readonly TrustedKey[] {
  return trust.filter((pin) => pin.role === role && parsedPin(pin).keyId === keyId);
}

/** Throws `signer-out-of-period` unless one of a key's pins holds at `at`. */
export function assertInPeriod(pins: readonly TrustedKey[], at: Date, keyId: string): void {
  if (!pins.some((pin) => holdsAt(pin, at)))
    throw new HoldfastError(
      'signer-out-of-period',
      `key ${keyId} signed for ${at.toISOString()}, outside its period of validity`,
    );
}

/**
 * Throws `key-out-of-period` when what `key` signs at `at`, for any of `roles`, would be refused by
 * whoever reads it: one such commit makes the whole log unreadable. A key that is not pinned at all
 * passes here.
 */
export function assertMaySign(
  trust: readonly TrustedKey[],
  roles: readonly SignerRole[],
  { keyId }: Pick<SigningKey, 'keyId'>,
  at: Date,
): void {
  const pins = roles.flatMap((role) => pinsOf(trust, role, keyId));
  if (pins.length === 0 || pins.some((pin) => holdsAt(pin, at))) return;
  const periods = pins.map(({ role, validFrom, validUntil }) =>
    validUntil === undefined
      ? `as ${role} from ${validFrom}`
      : `as ${role} from ${validFrom} until ${validUntil}`,
  );
  throw new HoldfastError(
    'key-out-of-period',
    `key ${keyId} is pinned ${periods.join(', ')}, and this host's clock says ${at.toISOString()}`,
  );
}

/** When the last of a key's pins for a role ends, RFC 3339; undefined when one of them never does. */
export function endOfPeriod(
  trust: readonly TrustedKey[],
  role: SignerRole,
  keyId: string,
): string | undefined {
  const ends = pinsOf(trust, role, keyId).map(({ validUntil }) => validUntil);
  return ends.reduce((latest, end) =>
    latest === undefined || end === undefined
      ? undefined
      : Date.parse(end) > Date.parse(latest)
        ? end
        : latest,
  );
}

function holdsAt(pin: TrustedKey, at: Date): boolean {
  const { fromMs, untilMs } = parsedPin(pin);
  return at.getTime() >= fromMs && at.getTime() < untilMs;
}
