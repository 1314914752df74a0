import { Encrypter } from 'age-encryption';

/**
 * An identity file under a passphrase, binary. scrypt at the strength that `age -p` writes takes a
 * second; the file says how strong it is.
 */
export async function protectQuickly(content: string, passphrase: string): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  encrypter.setScryptWorkFactor(10);
  return await encrypter.encrypt(content);
}
