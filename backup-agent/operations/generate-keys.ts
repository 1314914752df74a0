import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { signerRoles, type SignerRole } from '../../contracts/commit.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { generateIdentity, type GeneratedIdentity } from '../keys/identities.ts';
import { formatIdentityFile } from '../keys/identity-file.ts';
import { writeKeyFile } from '../keys/key-file.ts';
import { generateSigningKey, type GeneratedSigningKey } from '../keys/signing-key.ts';

export const keyNames = ['recovery', 'escrow', 'metadata', ...signerRoles] as const;
export type KeyName = (typeof keyNames)[number];

export interface GeneratedKey {
  readonly name: KeyName;
  /** The secret, mode 0600. */
  readonly file: string;
  /** A recipient (age1…) or an Ed25519 public key (SPKI, DER, base64). */
  readonly publicKey: string;
}

export interface GenerateKeysOptions {
  readonly directory: string;
  readonly names: readonly KeyName[];
  readonly postQuantum: boolean;
  readonly now: () => Date;
}

/**
 * Makes keys and writes each secret to a file of its own. When any of the files exists nothing is
 * written: `key-file-exists`.
 */
export async function generateKeys(options: GenerateKeysOptions): Promise<GeneratedKey[]> {
  const { directory, names } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await refuseExisting(names.map((name) => fileOf(directory, name)));
  const generated: GeneratedKey[] = [];
  for (const name of names) {
    const file = fileOf(directory, name);
    const { content, publicKey } = await generate(name, options);
    await writeKeyFile(file, content);
    generated.push({ name, file, publicKey });
  }
  return generated;
}

async function generate(
  name: KeyName,
  { postQuantum, now }: GenerateKeysOptions,
): Promise<{ content: string; publicKey: string }> {
  if (isSignerRole(name)) {
    const key: GeneratedSigningKey = generateSigningKey();
    return { content: key.privateKeyPem, publicKey: key.publicKey };
  }
  const key: GeneratedIdentity = await generateIdentity({ postQuantum });
  return { content: formatIdentityFile(key, now()), publicKey: key.recipient };
}

export function isSignerRole(name: string): name is SignerRole {
  return signerRoles.some((role) => role === name);
}

function fileOf(directory: string, name: KeyName): string {
  return join(directory, isSignerRole(name) ? `${name}.pem` : `${name}.age-identity`);
}

async function refuseExisting(files: readonly string[]): Promise<void> {
  for (const file of files) {
    const exists = await stat(file).then(
      () => true,
      () => false,
    );
    if (exists) throw new HoldfastError('key-file-exists', `key file already exists: ${file}`);
  }
}
