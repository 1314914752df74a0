import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertFits } from '../../backup-agent/operations/restore-fit.ts';
import type { RestoreRequest } from '../../backup-agent/operations/restore.ts';

const request: RestoreRequest = {
  job: 'crm',
  to: '/srv/restored',
  backup: 'latest',
  noOwner: false,
  noPrivileges: false,
};
const database: RestoreRequest = { ...request, to: 'postgres://db/crm' };

test('what a job does not hold is refused, never passed over', () => {
  assertFits({ ...request, path: 'deals', into: 'rename' }, 'files');
  assertFits({ ...request, at: new Date(), moment: { kind: 'time', timeUs: 0n } }, 'files');
  assertFits({ ...request, to: 's3://bucket/', into: 'skip' }, 's3');
  assertFits({ ...database, noOwner: true, database: { tables: ['crm.deals'] } }, 'postgres');
  const refused: [Partial<RestoreRequest>, 'files' | 's3' | 'postgres', RegExp][] = [
    [{ moment: { kind: 'lsn', lsn: 1n } }, 'files', /--lsn is for databases/],
    [{ moment: { kind: 'mark', name: 'a' } }, 's3', /--mark is for databases/],
    [{ database: { tables: ['crm.deals'] } }, 'files', /--table is for databases/],
    [{ database: { roleMapping: { a: 'b' } } }, 'files', /--map-role is for databases/],
    [{ database: { lanes: 4 } }, 'files', /--lanes is for databases/],
    [{ noOwner: true }, 's3', /--no-owner is for databases/],
    [{ mask: 'staging' }, 'files', /--mask is for databases/],
    [{ to: database.to, path: 'deals' }, 'postgres', /--path is for files/],
    [{ to: database.to, into: 'skip' }, 'postgres', /--into is for files/],
    [{}, 'postgres', /name a connection URL/],
    [{ to: database.to }, 'files', /name a directory, not a database/],
    [{ to: 's3://bucket/' }, 'files', /not a bucket/],
    [{ to: 's3://bucket/', into: 'rename' }, 's3', /no --into rename/],
  ];
  for (const [more, kind, message] of refused)
    assert.throws(() => assertFits({ ...request, ...more }, kind), {
      code: 'usage-invalid',
      message,
    });
});
