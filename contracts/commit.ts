import { z } from 'zod';
import { backupId, name, sha256, timestamp } from './names.ts';

const subject = z.discriminatedUnion('type', [
  /** A backup now exists; the digest is of its `manifest.json` object. */
  z.strictObject({ type: z.literal('backup'), id: backupId, digest: sha256 }),
  /** A drill's evidence now exists; the digest is of its object. */
  z.strictObject({ type: z.literal('evidence'), id: backupId, digest: sha256 }),
  /** A deep verification read these backups to their end with a recovery identity. */
  z
    .strictObject({
      type: z.literal('verification'),
      passed: z.array(backupId),
      failed: z.array(backupId),
    })
    .refine(({ passed, failed }) => passed.length + failed.length > 0, {
      message: 'must name at least one backup',
    }),
  /**
   * An escrow drill opened every object of the backup and of its chain with an identity of this
   * recipient, which is named by SHA-256 of its text as in manifests.
   */
  z.strictObject({ type: z.literal('escrow'), id: backupId, recipient: sha256 }),
  /**
   * A person is to be erased from whatever is restored from older backups; the digest is of the
   * encrypted request's object, which a curator signed.
   */
  z.strictObject({ type: z.literal('erasure'), id: backupId, digest: sha256 }),
  z.strictObject({ type: z.literal('hold'), id: backupId, reason: z.string().min(1) }),
  z.strictObject({ type: z.literal('release'), id: backupId, reason: z.string().min(1) }),
  /**
   * These backups are about to be deleted; from here on they no longer exist. May name backups that
   * were never committed: a writer that still works on one cannot commit it any more.
   */
  z.strictObject({ type: z.literal('prune'), ids: z.array(backupId).min(1) }),
]);

/** One entry of a job's commit log, inside its signed envelope. */
export const commit = z.strictObject({
  format: z.literal('holdfast-commit/1'),
  repositoryId: z.uuid(),
  job: name,
  /** Counts from 1 without gaps. */
  sequence: z.int().positive(),
  /** SHA-256 of the preceding commit's object; absent for the first. */
  previous: sha256.optional(),
  subject,
  at: timestamp,
  /** Who: host and process, for the audit trail. */
  by: z.string(),
});
export type Commit = z.infer<typeof commit>;
export type CommitSubject = z.infer<typeof subject>;

/**
 * Who may sign what: writers backups; drills evidence, verifications and escrow drills; curators
 * holds, releases and prunes. An erasure is committed by a curator, and to a copy by its writer.
 */
export const signerRoles = ['writer', 'drill', 'curator'] as const;
export type SignerRole = (typeof signerRoles)[number];
