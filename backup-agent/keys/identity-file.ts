import { armor, Decrypter } from 'age-encryption';
import { HoldfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import { assertIdentity, type GeneratedIdentity } from './identities.ts';

const armorStart = '-----BEGIN AGE ENCRYPTED FILE-----';
const binaryStart = 'age-encryption.org/v1\n';

export interface ReadIdentitiesOptions {
  /** For messages: the file's path, or whatever says where it came from. */
  readonly where: string;
  /** Asked only when the file is protected. */
  readonly passphrase?: () => string | Promise<string>;
}

/** An identity file as `age-keygen` writes it. */
export function formatIdentityFile(key: GeneratedIdentity, createdAt: Date): string {
  const created = createdAt.toISOString().replace(/\.\d+Z$/, 'Z');
  return `# created: ${created}\n# public key: ${key.recipient}\n${key.identity}\n`;
}

/**
 * Every identity of a file as age knows it: one per line, `#` comments and empty lines between them;
 * or such a file encrypted with a passphrase, armored or binary.
 *
 * Rejects with `key-invalid` (naming the line, never quoting it), `passphrase-missing`,
 * `passphrase-wrong`, or `identity-missing` when there is none in it.
 */
export async function readIdentities(
  file: Uint8Array,
  options: ReadIdentitiesOptions,
): Promise<string[]> {
  const sealed = sealedBytes(file, options.where);
  const text = sealed === undefined ? file : await unseal(sealed, options);
  return parseIdentities(Buffer.from(text).toString('utf8'), options.where);
}

function parseIdentities(text: string, where: string): string[] {
  const lines = text.split('\n').map((line) => line.trim());
  const identities: string[] = [];
  for (const [index, line] of lines.entries()) {
    if (line === '' || line.startsWith('#')) continue;
    assertIdentity(line, `${where}, line ${index + 1}`);
    identities.push(line);
  }
  if (identities.length === 0)
    throw new HoldfastError('identity-missing', `${where}: holds no identity`);
  return identities;
}

/** The binary age file when `file` is one; undefined for plain text. */
function sealedBytes(file: Uint8Array, where: string): Uint8Array | undefined {
  const text = Buffer.from(file).toString('latin1');
  if (text.startsWith(binaryStart)) return file;
  if (!text.trimStart().startsWith(armorStart)) return undefined;
  try {
    return armor.decode(text);
  } catch (error) {
    throw new HoldfastError('key-invalid', `${where}: damaged armor`, { cause: error });
  }
}

async function unseal(sealed: Uint8Array, options: ReadIdentitiesOptions): Promise<Uint8Array> {
  const { where, passphrase } = options;
  if (!Buffer.from(sealed.subarray(0, 64)).toString('latin1').includes('\n-> scrypt '))
    throw new HoldfastError('key-invalid', `${where}: encrypted, but not with a passphrase`);
  if (passphrase === undefined)
    throw new HoldfastError('passphrase-missing', `${where}: protected by a passphrase`);
  const decrypter = new Decrypter();
  decrypter.addPassphrase(await passphrase());
  // Asked last, so only when the passphrase did not open the file.
  decrypter.addIdentity({
    unwrapFileKey() {
      throw new HoldfastError('passphrase-wrong', `${where}: the passphrase does not open it`);
    },
  });
  try {
    return await decrypter.decrypt(sealed);
  } catch (error) {
    if (isHoldfastError(error)) throw error;
    throw new HoldfastError('key-invalid', `${where}: damaged`, { cause: error });
  }
}
