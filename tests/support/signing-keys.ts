import { signerRoles, type SignerRole } from '../../contracts/commit.ts';
import {
  generateSigningKey,
  parseSigningKey,
  type SigningKey,
} from '../../backup-agent/keys/signing-key.ts';
import type { TrustedKey } from '../../backup-agent/keys/trust.ts';

export interface TestSigners {
  readonly keys: Readonly<Record<SignerRole, SigningKey>>;
  readonly trust: readonly TrustedKey[];
}

/** A fresh key for each role, pinned from 2020 on. */
export function testSigners(): TestSigners {
  const pairs = signerRoles.map(
    (role) => [role, parseSigningKey(generateSigningKey().privateKeyPem)] as const,
  );
  return {
    keys: Object.fromEntries(pairs) as Record<SignerRole, SigningKey>, // one entry for each role
    trust: pairs.map(([role, key]) => ({
      role,
      publicKey: key.publicKey,
      validFrom: '2020-01-01T00:00:00Z',
    })),
  };
}
