/**
 * Process exit codes, documented in docs/error-codes.md (generated). 130 and 143 follow the shell's
 * convention of 128 plus the signal's number.
 */
export const exitCodes = {
  ok: 0,
  bug: 1,
  usage: 2,
  configuration: 3,
  prerequisite: 4,
  partial: 5,
  integrity: 6,
  drillFailed: 7,
  source: 8,
  storage: 9,
  busy: 10,
  key: 11,
  target: 12,
  attention: 13,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitName = keyof typeof exitCodes;

export const exitMeanings: Record<ExitName, string> = {
  ok: 'everything asked for was done',
  bug: 'an unexpected error: a defect in Holdfast, with a stack trace to report',
  usage: 'the command line is wrong',
  configuration: 'the configuration is refused; every problem is listed',
  prerequisite: 'a program, server or right that the command needs is missing',
  partial:
    'the backup or restore is committed, but some entries are missing from it; they are listed',
  integrity: 'an object, signature, digest or chain is damaged, missing or forged',
  drillFailed: 'the drill ran, and at least one assertion or objective failed',
  source: 'the source (database, directory, bucket) refused or is not what was expected',
  storage: 'a repository cannot be reached, or refused an operation',
  busy: 'somebody else holds the lease or won the commit; nothing was changed',
  key: 'a key is missing, of the wrong kind, or does not open the data',
  target: 'the restore target is not acceptable, for example not empty',
  attention: 'the check ran and found something a person must look at',
  interrupted: 'stopped by SIGINT after cleaning up',
  terminated: 'stopped by SIGTERM after cleaning up',
};
