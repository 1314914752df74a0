import { createHash } from 'node:crypto';
import { Encrypter } from 'age-encryption';
import { HoldfastError } from '../errors/holdfast-error.ts';

export type RecipientKind = 'x25519' | 'hybrid';

/** The kind of an age recipient, `key-invalid` unless it is well-formed and of a kind we write for. */
export function recipientKind(recipient: string): RecipientKind {
  const kind = kindByPrefix(recipient);
  if (kind === undefined)
    throw new HoldfastError(
      'key-invalid',
      `not an age recipient of a known kind: ${show(recipient)}`,
    );
  try {
    new Encrypter().addRecipient(recipient);
  } catch (error) {
    throw new HoldfastError('key-invalid', `malformed age recipient: ${recipient}`, {
      cause: error,
    });
  }
  return kind;
}

/**
 * Checks that there are recipients, all well-formed, none twice and all of one kind: a file for an
 * X25519 recipient too would be no safer from a quantum computer than without the hybrid one.
 */
export function assertRecipientsUniform(recipients: readonly string[]): RecipientKind {
  const [first] = recipients;
  if (first === undefined)
    throw new HoldfastError('key-invalid', 'no recipient was given to encrypt to');
  const kinds = recipients.map(recipientKind);
  if (new Set(kinds).size > 1)
    throw new HoldfastError('key-invalid', 'X25519 and post-quantum hybrid recipients are mixed');
  const repeated = recipients.find((recipient, index) => recipients.indexOf(recipient) !== index);
  if (repeated !== undefined)
    throw new HoldfastError('key-invalid', `recipient given twice: ${repeated}`);
  return recipientKind(first);
}

/** How manifests name a recipient: SHA-256 of its text, lower-case hex. */
export function recipientFingerprint(recipient: string): string {
  return createHash('sha256').update(recipient).digest('hex');
}

function kindByPrefix(recipient: string): RecipientKind | undefined {
  if (recipient.startsWith('age1pq1')) return 'hybrid';
  // Bech32 has no `1` after the separator, so tag and plugin recipients (age1tag1…) fall out.
  return /^age1[02-9a-z]+$/.test(recipient) ? 'x25519' : undefined;
}

/** Somebody may have put an identity where the recipient belongs: only what is public is quoted. */
function show(recipient: string): string {
  return recipient.startsWith('age1') ? recipient.slice(0, 80) : 'it does not start with age1';
}
