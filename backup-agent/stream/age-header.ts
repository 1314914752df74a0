import { Decrypter, Encrypter, type Stanza } from 'age-encryption';
import { HoldfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import { ByteReader } from './byte-reader.ts';

export interface Header {
  /** The textual header, its MAC line included. */
  readonly bytes: Uint8Array;
  readonly fileKey: Uint8Array;
}

/** What the `age` command and its libraries begin a file with. */
const versionLine = 'age-encryption.org/v1\n';

/** A hybrid recipient takes about 2 KiB; more than this is not a header but an attack on memory. */
const maxHeaderBytes = 256 * 1024;

/**
 * A new file key wrapped for every recipient.
 *
 * The package makes headers only as part of encrypting a file. So it begins to encrypt one that never
 * comes, for the real recipients and one more that adds no stanza and only notes the file key; what
 * follows the header is not read. The header is thus the package's own, byte for byte, whatever kinds
 * of recipients it learns.
 */
export async function createHeader(recipients: readonly string[]): Promise<Header> {
  let fileKey: Uint8Array | undefined;
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  encrypter.addRecipient({
    wrapFileKey(key) {
      fileKey = Uint8Array.from(key);
      return [];
    },
  });
  await using file = new ByteReader(await encrypter.encrypt(new ReadableStream()));
  const bytes = await readHeader(file);
  if (fileKey === undefined) throw new Error('age-encryption did not wrap the file key');
  return { bytes, fileKey };
}

/** Reads a header off the front of an age file, no byte more. `ciphertext-damaged` when it is none. */
export async function readHeader(reader: ByteReader): Promise<Uint8Array> {
  const first = await reader.readLine(versionLine.length);
  if (Buffer.from(first).toString('latin1') !== versionLine)
    throw new HoldfastError('ciphertext-damaged', 'the stream is not an age file of version 1');
  const lines = [first];
  let length = first.length;
  for (;;) {
    const line = Buffer.from(await reader.readLine(maxHeaderBytes - length));
    if (line.at(-1) !== 0x0a)
      throw new HoldfastError('ciphertext-damaged', 'the age header has no end');
    lines.push(line);
    length += line.length;
    if (line.subarray(0, 3).equals(Buffer.from('---'))) return Buffer.concat(lines);
  }
}

/**
 * The file key of a header, its MAC checked. `identity-wrong` when no stanza opens for any identity:
 * a stanza that was damaged looks the same as one for somebody else. Everything else that is wrong
 * with the header is `ciphertext-damaged`.
 */
export async function openHeader(
  header: Uint8Array,
  identities: readonly string[],
): Promise<Uint8Array> {
  const decrypter = new Decrypter();
  decrypter.addIdentity({ unwrapFileKey: refuseSharedPassphrase });
  for (const identity of identities) decrypter.addIdentity(identity);
  // Asked last, so only when none of the others opened a stanza.
  decrypter.addIdentity({
    unwrapFileKey() {
      throw new HoldfastError(
        'identity-wrong',
        `none of the ${identities.length} identities opens the age header`,
      );
    },
  });
  try {
    return await decrypter.decryptHeader(header);
  } catch (error) {
    if (isHoldfastError(error)) throw error;
    throw new HoldfastError('ciphertext-damaged', 'the age header is malformed or was changed', {
      cause: error,
    });
  }
}

/**
 * Asked first. A passphrase must be a file's only way in: beside a recipient, whoever knows the
 * passphrase could have written the file. The package checks that only when asked for a passphrase.
 */
function refuseSharedPassphrase(stanzas: readonly Stanza[]): null {
  if (stanzas.length > 1 && stanzas.some((stanza) => stanza.args[0] === 'scrypt'))
    throw new HoldfastError('ciphertext-damaged', 'the age header mixes passphrase and recipients');
  return null;
}
