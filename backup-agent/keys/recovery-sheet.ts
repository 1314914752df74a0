import type { SignerRole } from '../../contracts/commit.ts';
import { identityKind, type GeneratedIdentity } from './identities.ts';
import { recipientFingerprint } from './recipients.ts';

export interface RecoverySheet {
  /** What the key is for, as people call it: `primary recovery key`, `escrow key`. */
  readonly title: string;
  readonly createdAt: Date;
  readonly key: GeneratedIdentity;
  /** Whose signatures the backups carry, for whoever must check them without Holdfast. */
  readonly signers: readonly { readonly role: SignerRole; readonly publicKey: string }[];
}

const width = 78;
const rule = '-'.repeat(width);

/**
 * A sheet of plain text to print and lock away: it alone, with a repository, is enough to read every
 * backup made for its key. It holds the secret; it goes to paper, never to a log.
 */
export function recoverySheet(sheet: RecoverySheet): string {
  return `${[...heading(sheet), ...secret(sheet.key), ...usage(sheet.key), ...signers(sheet)].join('\n')}\n`;
}

function heading({ title, createdAt, key }: RecoverySheet): string[] {
  return [
    `HOLDFAST RECOVERY SHEET: ${title}`,
    rule,
    'Whoever has this sheet can read every backup made for this key. Keep it on paper,',
    'sealed, away from the machines it protects. Without it, or another of its kind,',
    'nobody can read the backups: not their makers, not the authors of this program.',
    '',
    `Made on      ${createdAt.toISOString()}`,
    `Fingerprint  ${recipientFingerprint(key.recipient)}`,
  ];
}

function secret(key: GeneratedIdentity): string[] {
  // A hybrid recipient has about 2,000 characters; it follows from the identity (age-keygen -y).
  const recipient =
    identityKind(key.identity) === 'hybrid' ? [] : ['', 'Recipient (public):', key.recipient];
  return [
    ...recipient,
    '',
    'Identity (SECRET; one line; a mistyped character is noticed):',
    '',
    key.identity,
    '',
    rule,
  ];
}

function usage(key: GeneratedIdentity): string[] {
  const age = identityKind(key.identity) === 'hybrid' ? 'age 1.3 or later' : 'age 1.0 or later';
  return [
    `To read a backup without Holdfast (needs ${age}, zstd, tar, psql):`,
    '',
    '  1. Type the identity into a file of its own, on a machine you trust:  key.txt',
    '  2. Read RECOVER.md at the top of the repository; it names every step.',
    '  3. Each object opens with:',
    '       age --decrypt --identity key.txt OBJECT.zst.age | zstd --decompress',
    '  4. Destroy key.txt afterwards.',
  ];
}

function signers(sheet: RecoverySheet): string[] {
  if (sheet.signers.length === 0) return [];
  return [
    '',
    'Backups are signed with these keys (Ed25519, public):',
    ...sheet.signers.map(({ role, publicKey }) => `  ${role.padEnd(8)} ${publicKey}`),
  ];
}
