import type { SourceKind } from '../../contracts/manifest.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { isBucketUrl } from '../sources/s3/bucket-url.ts';
import type { RestoreRequest } from './restore.ts';

/** Whether the target that a request names is a database. */
export function isDatabaseUrl(to: string): boolean {
  return /^postgres(ql)?:\/\//.test(to);
}

/**
 * Throws `usage-invalid` where a request does not fit what the job holds: its target, or a wish that
 * would be passed over in silence.
 */
export function assertFits(request: RestoreRequest, kind: SourceKind): void {
  const { job, to, into } = request;
  const isDatabase = kind === 'postgres';
  if (isDatabase !== isDatabaseUrl(to))
    throw unfit(
      isDatabase
        ? `job ${job} holds a database: name a connection URL (postgres://…)`
        : `job ${job} holds files: name a directory, not a database`,
    );
  if (isBucketUrl(to) && kind !== 's3')
    throw unfit(`job ${job} holds files: name a directory, not a bucket`);
  if (isBucketUrl(to) && into === 'rename')
    throw unfit('a bucket has no --into rename: skip, or overwrite');
  const [wish] = isDatabase ? wishesForFiles(request) : wishesForDatabases(request);
  if (wish !== undefined)
    throw unfit(`${wish} is for ${isDatabase ? 'files' : 'databases'}, and job ${job} holds none`);
}

function wishesForFiles({ path, into }: RestoreRequest): string[] {
  return given({ '--path': path !== undefined, '--into': into !== undefined });
}

function wishesForDatabases(request: RestoreRequest): string[] {
  const { moment, mask, noOwner, noPrivileges, database = {} } = request;
  const { tables, roleMapping = {}, roles, skipExtensions = [], activate = [], lanes } = database;
  return given({
    '--lsn': moment?.kind === 'lsn',
    '--mark': moment?.kind === 'mark',
    '--table': tables !== undefined,
    '--no-owner': noOwner,
    '--no-privileges': noPrivileges,
    '--map-role': Object.keys(roleMapping).length > 0,
    '--create-roles': roles === 'create',
    '--skip-extension': skipExtensions.length > 0,
    '--activate': activate.length > 0,
    '--lanes': lanes !== undefined,
    '--mask': mask !== undefined,
  });
}

function given(wishes: Readonly<Record<string, boolean>>): string[] {
  return Object.keys(wishes).filter((wish) => wishes[wish]);
}

function unfit(what: string): HoldfastError {
  return new HoldfastError('usage-invalid', what);
}
