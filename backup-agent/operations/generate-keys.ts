import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { signerRoles, type SignerRole } from '../../contracts/commit.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { generateIdentity, type GeneratedIdentity } from '../keys/identities.ts';
import { formatIdentityFile } from '../keys/identity-file.ts';
import { writeKeyFile } from '../keys/key-file.ts';
import { recoverySheet } from '../keys/recovery-sheet.ts';
import { generateSigningKey } from '../keys/signing-key.ts';
import { makeFolders } from '../make-folders.ts';

export const keyNames = ['recovery', 'escrow', 'metadata', ...signerRoles] as const;
export type KeyName = (typeof keyNames)[number];

export interface GeneratedKey {
  readonly name: KeyName;
  /** The secret, mode 0600. */
  readonly file: string;
  /** A recipient (age1…) or an Ed25519 public key (SPKI, DER, base64). */
  readonly publicKey: string;
  /** The sheet to print and lock away; holds the secret too. Of recovery and escrow identities. */
  readonly sheetFile?: string;
}

export interface GenerateKeysOptions {
  readonly directory: string;
  readonly names: readonly KeyName[];
  readonly postQuantum: boolean;
  readonly now: () => Date;
}

/** Whose identities open backups, so that losing them all would lose every backup. */
const onPaper: ReadonlySet<KeyName> = new Set(['recovery', 'escrow']);

/**
 * Makes keys and writes each secret to a file of its own, and a recovery sheet for each identity that
 * opens backups. When any of the files exists nothing is written: `key-file-exists`.
 */
export async function generateKeys(options: GenerateKeysOptions): Promise<GeneratedKey[]> {
  const { directory, names, now } = options;
  await makeFolders(directory);
  await refuseExisting(
    names.flatMap((name) => [fileOf(directory, name), sheetOf(directory, name)]),
  );
  const keys = await Promise.all(names.map((name) => generate(name, options)));
  const signers = keys.flatMap(({ name, publicKey }) =>
    isSignerRole(name) ? [{ role: name, publicKey }] : [],
  );
  const generated: GeneratedKey[] = [];
  for (const { name, content, publicKey, identity } of keys) {
    const file = fileOf(directory, name);
    await writeKeyFile(file, content);
    if (!identity || !onPaper.has(name)) generated.push({ name, file, publicKey });
    else {
      const sheetFile = sheetOf(directory, name);
      const title = `${name} identity`;
      await writeKeyFile(
        sheetFile,
        recoverySheet({ title, createdAt: now(), key: identity, signers }),
      );
      generated.push({ name, file, publicKey, sheetFile });
    }
  }
  return generated;
}

interface NewKey {
  readonly name: KeyName;
  /** Of its file. */
  readonly content: string;
  readonly publicKey: string;
  readonly identity?: GeneratedIdentity;
}

async function generate(name: KeyName, { postQuantum, now }: GenerateKeysOptions): Promise<NewKey> {
  if (isSignerRole(name)) {
    const { privateKeyPem, publicKey } = generateSigningKey();
    return { name, content: privateKeyPem, publicKey };
  }
  const identity = await generateIdentity({ postQuantum });
  const content = formatIdentityFile(identity, now());
  return { name, content, publicKey: identity.recipient, identity };
}

export function isSignerRole(name: string): name is SignerRole {
  return signerRoles.some((role) => role === name);
}

function fileOf(directory: string, name: KeyName): string {
  return join(directory, isSignerRole(name) ? `${name}.pem` : `${name}.age-identity`);
}

function sheetOf(directory: string, name: KeyName): string {
  return join(directory, `${name}.recovery-sheet.txt`);
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

/** The configuration's `keys` part for these keys; verifiers accept signatures from `validFrom` on. */
export function keysConfiguration(keys: readonly GeneratedKey[], validFrom: Date) {
  const named = (...names: KeyName[]) => keys.filter((key) => names.includes(key.name));
  const signers = keys.filter((key) => isSignerRole(key.name));
  const [metadata] = named('metadata');
  return {
    recipients: named('recovery', 'escrow').map((key) => key.publicKey),
    ...(metadata ? { metadataIdentity: { file: metadata.file } } : {}),
    signing: Object.fromEntries(signers.map((key) => [key.name, { file: key.file }])),
    trusted: signers.map((key) => ({
      role: key.name,
      publicKey: key.publicKey,
      validFrom: validFrom.toISOString(),
    })),
  };
}
