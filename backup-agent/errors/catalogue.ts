import type { ExitName } from './exit-codes.ts';

interface CatalogueEntry {
  readonly exit: ExitName;
  /** What it means, one sentence, for docs/error-codes.md. */
  readonly meaning: string;
  /** What to do next. */
  readonly hint: string;
  /** Whether the same command, run again unchanged, may succeed and cannot do harm. */
  readonly retrySafe: boolean;
}

/** Every expected failure, by area. docs/error-codes.md is generated from this table. */
export const catalogue = {
  // command line and configuration
  'usage-invalid': {
    exit: 'usage',
    meaning: 'A command, option or argument is unknown or malformed.',
    hint: 'run `holdfast help` or `holdfast <command> --help`',
    retrySafe: false,
  },
  'config-not-found': {
    exit: 'configuration',
    meaning: 'The configuration (a file, parameter or variable) does not exist or cannot be read.',
    hint: 'pass `--config <place>` or set HOLDFAST_CONFIG; `holdfast config example` prints a start',
    retrySafe: false,
  },
  'config-invalid': {
    exit: 'configuration',
    meaning: 'The configuration does not satisfy its schema.',
    hint: 'mend the paths listed and run `holdfast config check`',
    retrySafe: false,
  },
  'config-secret-unavailable': {
    exit: 'configuration',
    meaning: 'A secret that the configuration refers to could not be read.',
    hint: 'check the environment variable, file or command that the path names',
    retrySafe: true,
  },
  'job-unknown': {
    exit: 'usage',
    meaning: 'The configuration has no job of that name.',
    hint: 'the message lists the jobs that exist',
    retrySafe: false,
  },
  'path-unknown': {
    exit: 'usage',
    meaning: 'The backup holds nothing under that path.',
    hint: "paths begin below the source's directory or prefix, as in `2026/contract.pdf`; try the directory above it",
    retrySafe: false,
  },
  'backup-unknown': {
    exit: 'usage',
    meaning: 'No committed backup has that id, or none exists yet.',
    hint: '`holdfast list` shows the committed backups',
    retrySafe: false,
  },

  // prerequisites
  'tool-missing': {
    exit: 'prerequisite',
    meaning: 'A program that the command needs is not on this machine.',
    hint: '`holdfast doctor` lists what is missing and how to install it',
    retrySafe: true,
  },

  'state-unusable': {
    exit: 'prerequisite',
    meaning:
      'The directory in which this host remembers what it has seen and done cannot be read or written.',
    hint: 'give this user the right to write there, or make room, or name another place as `stateDirectory` in the configuration',
    retrySafe: true,
  },

  // storage
  'storage-unreachable': {
    exit: 'storage',
    meaning: 'The storage did not answer, or its answer made no sense, after all retries.',
    hint: 'check the network, the endpoint and the credentials; the operation can be run again',
    retrySafe: true,
  },
  'storage-denied': {
    exit: 'storage',
    meaning: 'The storage refused the operation for lack of rights.',
    hint: 'compare the credentials with the rights that docs/security-model.md lists for this role',
    retrySafe: false,
  },
  'storage-object-missing': {
    exit: 'integrity',
    meaning: 'An object that should exist is not in the storage.',
    hint: '`holdfast verify` shows what depends on it; `holdfast repair` can fetch it from a copy',
    retrySafe: true,
  },
  'storage-object-exists': {
    exit: 'busy',
    meaning: 'An object was to be created, and another one already has its name.',
    hint: 'another writer was faster; run the command again',
    retrySafe: true,
  },
  'storage-changed': {
    exit: 'busy',
    meaning: 'An object was to be replaced, and it changed in the meantime.',
    hint: 'another writer was faster; run the command again',
    retrySafe: true,
  },
  'storage-locked': {
    exit: 'storage',
    meaning: 'An object lock or legal hold forbids the operation.',
    hint: 'wait for the lock to end, or lift the hold with the role that may',
    retrySafe: false,
  },
  'storage-size-mismatch': {
    exit: 'storage',
    meaning: 'A body was shorter or longer than its declared size; nothing was stored.',
    hint: 'the source changed while it was read; run the command again',
    retrySafe: true,
  },
  'storage-full': {
    exit: 'storage',
    meaning: 'The storage has no room left.',
    hint: 'free or add space, or prune; nothing was committed',
    retrySafe: true,
  },
  'storage-key-invalid': {
    exit: 'integrity',
    meaning:
      'An object key is absolute, climbs out of its prefix, or has characters no key may have.',
    hint: 'the name comes from a manifest or listing that must not be trusted; run `holdfast verify`',
    retrySafe: false,
  },

  // repository
  'repository-not-found': {
    exit: 'storage',
    meaning: 'The location holds no Holdfast repository.',
    hint: 'check the location; `holdfast backup` creates a new repository only where nothing is',
    retrySafe: false,
  },
  'repository-version': {
    exit: 'integrity',
    meaning: 'The repository has a format version that this program does not know.',
    hint: 'use a release of Holdfast that knows this version',
    retrySafe: false,
  },
  'document-malformed': {
    exit: 'integrity',
    meaning: 'A document of the repository does not have the shape its format demands.',
    hint: 'treat it as damage or forgery: docs/operations/damage.md says what a copy can mend, and what then restores',
    retrySafe: false,
  },
  'signature-missing': {
    exit: 'integrity',
    meaning: 'A document that must be signed carries no signature.',
    hint: 'treat it as forged: find out who wrote it, and fetch the document from a copy',
    retrySafe: false,
  },
  'signature-invalid': {
    exit: 'integrity',
    meaning: 'A signature does not belong to its document.',
    hint: 'treat it as forged: find out who wrote it, and fetch the document from a copy',
    retrySafe: false,
  },
  'signer-untrusted': {
    exit: 'integrity',
    meaning: 'A document is signed by a key that is not pinned for its role.',
    hint: 'if the key was rotated, add it under keys.trusted; otherwise treat the document as forged',
    retrySafe: false,
  },
  'signer-out-of-period': {
    exit: 'integrity',
    meaning: 'A document is signed by a key outside its period of validity.',
    hint: 'see docs/operations/keys.md, on rotating a signing key',
    retrySafe: false,
  },
  'commit-log-broken': {
    exit: 'integrity',
    meaning: 'The commit log has a gap, a fork or a rollback.',
    hint: 'restore --from a copy if you need to now; docs/operations/damage.md is the way back to a sound log',
    retrySafe: false,
  },
  'commit-conflict': {
    exit: 'busy',
    meaning: 'Another writer committed first; this run left only objects that prune removes.',
    hint: 'run the command again',
    retrySafe: true,
  },
  'lease-held': {
    exit: 'busy',
    meaning: 'Another run holds the lease of this job.',
    hint: 'wait for it, or pass `--wait`; a lease of a dead run expires by itself',
    retrySafe: true,
  },
  'clock-skewed': {
    exit: 'prerequisite',
    meaning: "The clocks of this host and of the storage differ too much to judge a backup's age.",
    hint: 'set the clock of the host (or of the storage) and run the command again; nothing was changed',
    retrySafe: true,
  },
  'object-damaged': {
    exit: 'integrity',
    meaning: 'An object differs from the digest or size its manifest records.',
    hint: '`holdfast verify` shows what depends on it; `holdfast repair` can fetch it from a copy',
    retrySafe: false,
  },
  'chain-broken': {
    exit: 'integrity',
    meaning: 'An incremental depends on a backup that is missing or does not fit.',
    hint: 'take a full backup; an older chain may still restore, see `holdfast list`',
    retrySafe: false,
  },

  // keys
  'key-invalid': {
    exit: 'key',
    meaning: 'A key, recipient or identity is malformed or of a kind not allowed here.',
    hint: '`holdfast keygen --help` shows the kinds; X25519 and post-quantum recipients never mix',
    retrySafe: false,
  },
  'key-out-of-period': {
    exit: 'key',
    meaning:
      "This host's own signing key is outside the period for which it is pinned, so nothing was signed.",
    hint: "if this host's clock is wrong, set it; else make a new key: docs/operations/keys.md, on rotating a signing key",
    retrySafe: true,
  },
  'key-file-exists': {
    exit: 'key',
    meaning: 'A key would overwrite an existing file.',
    hint: 'choose another place; a key file is never overwritten',
    retrySafe: false,
  },
  'identity-missing': {
    exit: 'key',
    meaning: 'The command must decrypt, and no identity was given.',
    hint: 'pass `--identity <file>` or configure keys.identity on the host that may restore',
    retrySafe: false,
  },
  'identity-wrong': {
    exit: 'key',
    meaning: 'None of the identities given opens the object.',
    hint: '`holdfast keys status` says which identity opens which backup',
    retrySafe: false,
  },
  'passphrase-missing': {
    exit: 'key',
    meaning: 'An identity file is protected by a passphrase, and none was given.',
    hint: 'run the command in a terminal, or configure where the passphrase is found',
    retrySafe: false,
  },
  'passphrase-wrong': {
    exit: 'key',
    meaning: 'The passphrase does not open the identity file.',
    hint: 'check the passphrase; nothing was changed',
    retrySafe: false,
  },
  'ciphertext-damaged': {
    exit: 'integrity',
    meaning: 'An encrypted stream fails its authentication: changed, reordered or cut.',
    hint: 'nothing unauthenticated was released; `holdfast repair` can fetch the object from a copy',
    retrySafe: false,
  },
  'compressed-damaged': {
    exit: 'integrity',
    meaning: 'A stream that was authentic does not decompress.',
    hint: 'this is a defect of the writer; keep the object and report it',
    retrySafe: false,
  },

  // PostgreSQL source
  'source-unreachable': {
    exit: 'source',
    meaning: 'The database server or bucket did not answer, or ended the connection.',
    hint: 'check host, port, network and TLS settings; the command can be run again',
    retrySafe: true,
  },
  'source-denied': {
    exit: 'source',
    meaning: 'The database server or bucket refused the sign-in, or the role lacks a right.',
    hint: '`holdfast source prepare <job> --admin <url>` prints the role and the rights it needs',
    retrySafe: true,
  },
  'source-pooler': {
    exit: 'source',
    meaning: 'A connection pooler stands between the agent and the database server.',
    hint: 'name the server itself, in the job or in --to: snapshots and replication do not pass a pooler',
    retrySafe: false,
  },
  'source-refused': {
    exit: 'source',
    meaning: 'The database server refused a statement.',
    hint: "the message is the server's own; the server's log may say more",
    retrySafe: true,
  },
  'source-retired': {
    exit: 'source',
    meaning: "A job's source is out of service, for an upgrade or a move of its server.",
    hint: '`holdfast source resume <job>` when the server is ready again',
    retrySafe: true,
  },
  'source-unsuitable': {
    exit: 'source',
    meaning: 'The source cannot be backed up as it stands.',
    hint: '`holdfast doctor` lists every problem with the statement that mends it',
    retrySafe: true,
  },

  // PostgreSQL changes
  'slot-busy': {
    exit: 'busy',
    meaning: 'Another backend reads the replication slot of this job.',
    hint: 'find out who reads it; an earlier run that was killed frees it within a minute',
    retrySafe: true,
  },
  'source-standby': {
    exit: 'source',
    meaning: 'The PostgreSQL server is a standby, which has no log of its own to follow.',
    hint: 'point the job at the primary',
    retrySafe: true,
  },
  'source-changed': {
    exit: 'source',
    meaning: 'The source changed under a read that needed it to stand still.',
    hint: 'run the backup again; nothing wrong was committed',
    retrySafe: true,
  },
  'moment-not-covered': {
    exit: 'usage',
    meaning: 'No backup covers the moment or marker asked for.',
    hint: '`holdfast list` shows from when to when each chain reaches',
    retrySafe: false,
  },
  'replay-mismatch': {
    exit: 'integrity',
    meaning: 'A stored change does not fit the rows it is applied to.',
    hint: 'the restore is not to be trusted: restore to an earlier moment, and report this',
    retrySafe: false,
  },

  // files
  'source-missing': {
    exit: 'source',
    meaning: 'The directory or bucket to back up does not exist or cannot be read.',
    hint: 'check that it is mounted, its path and its rights; nothing was recorded as deleted',
    retrySafe: true,
  },
  'source-emptied': {
    exit: 'source',
    meaning: 'A source that held entries in its last backup is suddenly empty.',
    hint: 'check that it is mounted; if it was emptied on purpose, run `holdfast backup` with --allow-empty',
    retrySafe: true,
  },

  // restore targets
  'target-not-empty': {
    exit: 'target',
    meaning: 'The target of a restore already holds something.',
    hint: 'name an empty or new target; nothing was changed',
    retrySafe: false,
  },
  'target-unsuitable': {
    exit: 'target',
    meaning: 'The target of a restore is missing, or lacks something that the backup needs.',
    hint: 'add what the message lists, or leave it out of the restore; nothing was changed',
    retrySafe: true,
  },
  'aws-backup-refused': {
    exit: 'target',
    meaning:
      'AWS Backup does not know the restore job, has not completed it, or refused the answer.',
    hint: 'look at the restore job in AWS Backup, and at the rights of this host',
    retrySafe: true,
  },
  'target-full': {
    exit: 'target',
    meaning: "The disk, quota or file size limit of a restore's target is used up.",
    hint: 'make room and run the same command again: it goes on where it stopped',
    retrySafe: true,
  },
  'target-denied': {
    exit: 'target',
    meaning: 'The system does not let the restore write to its target.',
    hint: 'check the rights of the directory and that it is not mounted read-only; run it again then',
    retrySafe: true,
  },
  'target-failed': {
    exit: 'target',
    meaning: 'The target of a restore failed while it was written to.',
    hint: "the message names the system's error; run the same command again: it goes on where it stopped",
    retrySafe: true,
  },
  'mask-invalid': {
    exit: 'configuration',
    meaning: 'A masking profile does not fit the schema in the backup.',
    hint: 'mend the profile where the message says; nothing was changed; see docs/privacy.md',
    retrySafe: false,
  },
  'mask-failed': {
    exit: 'integrity',
    meaning: 'A value could not be masked, because it has not the form of its type.',
    hint: 'the restore stopped before the value reached the target: drop the target, and report this',
    retrySafe: false,
  },
  'restore-failed': {
    exit: 'target',
    meaning: 'A restore stopped in the middle; the target holds an unfinished copy.',
    hint: 'mend the cause that the message names and run the same command again: it goes on where it stopped; or drop the target and begin anew',
    retrySafe: true,
  },

  // drills
  'drill-failed': {
    exit: 'drillFailed',
    meaning: 'A drill found that the backup does not restore as promised.',
    hint: 'the evidence lists each assertion; start with the first that failed',
    retrySafe: true,
  },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof catalogue;
