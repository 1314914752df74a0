import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { resolveTarget } from '../../../backup-agent/sources/postgres/connection-target.ts';
import { rdsToken } from '../../../backup-agent/sources/postgres/rds-token.ts';

const credentials = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'example' };
const before = { ...process.env };
beforeEach(() => void Object.assign(process.env, credentials));
afterEach(() => {
  for (const name of Object.keys(credentials)) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
});

test('a token is asked for the very place that is connected to, and signed for its region', async () => {
  const target = await resolveTarget({
    url: 'postgres://holdfast_backup@crm.abc.eu-central-1.rds.amazonaws.com:5433/crm',
    environment: {},
    password: (place) => rdsToken(place, 'eu-central-1'),
  });
  const token = new URL(`https://${await target.password()}`);
  assert.equal(token.host, 'crm.abc.eu-central-1.rds.amazonaws.com:5433');
  const { searchParams } = token;
  assert.equal(searchParams.get('Action'), 'connect');
  assert.equal(searchParams.get('DBUser'), 'holdfast_backup');
  assert.equal(searchParams.get('X-Amz-Expires'), '900');
  assert.match(
    searchParams.get('X-Amz-Credential') ?? '',
    /^AKIDEXAMPLE\/\d{8}\/eu-central-1\/rds-db\/aws4_request$/,
  );
});
