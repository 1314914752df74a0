import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { bytes, textOf } from '../conformance/storage-content.ts';
import { defaultCredentials } from '../fixtures/s3/options.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { s3Subject } from './subjects.ts';

const temporary = {
  accessKeyId: 'ASIATEMPORARY',
  secretAccessKey: 'temporary-secret',
  sessionToken: 'temporary-token',
  role: 'full',
} as const;
const server = { credentials: [...defaultCredentials, temporary] };

suite('credentials of an S3 storage', () => {
  test('a profile of the shared files is used', async () => {
    await using directory = await temporaryDirectory();
    const file = join(directory.path, 'credentials');
    await writeFile(
      file,
      '[vault]\naws_access_key_id=TESTFULL\naws_secret_access_key=test-secret-full\n',
    );
    await using _ = environment({ AWS_SHARED_CREDENTIALS_FILE: file });
    await using subject = await s3Subject('plain', { profile: 'vault', credentials: undefined });
    await subject.storage.put('a', bytes('x'));
    assert.equal(await textOf(subject.storage, 'a'), 'x');
  });

  test('a profile that does not exist is storage-denied, with the advice to set one', async () => {
    await using _ = environment({ AWS_EC2_METADATA_DISABLED: 'true' });
    await using subject = await s3Subject('plain', { profile: 'nobody', credentials: undefined });
    await assert.rejects(subject.storage.stat('a'), { code: 'storage-denied', hint: /profile/ });
  });

  test('a role is assumed with its external id', async () => {
    await using sts = await startTokenService('AssumeRole');
    await using _ = environment({ AWS_ENDPOINT_URL_STS: sts.endpoint });
    const assumeRole = { arn: 'arn:aws:iam::111122223333:role/writer', externalId: 'shared' };
    await using subject = await s3Subject('plain', { assumeRole, region: 'eu-west-1' }, server);
    await subject.storage.put('a', bytes('x'));
    assert.equal(await textOf(subject.storage, 'a'), 'x');
    assert.equal(sts.asked.get('RoleArn'), assumeRole.arn);
    assert.equal(sts.asked.get('ExternalId'), 'shared');
  });

  test('a web identity is exchanged for its role', async () => {
    await using directory = await temporaryDirectory();
    const tokenFile = join(directory.path, 'token');
    await writeFile(tokenFile, 'signed-by-the-cluster');
    await using sts = await startTokenService('AssumeRoleWithWebIdentity');
    await using _ = environment({ AWS_ENDPOINT_URL_STS: sts.endpoint, AWS_REGION: 'eu-west-1' });
    const webIdentity = { roleArn: 'arn:aws:iam::111122223333:role/pod', tokenFile };
    await using subject = await s3Subject(
      'plain',
      { webIdentity, credentials: undefined, region: 'eu-west-1' },
      server,
    );
    await subject.storage.put('a', bytes('x'));
    assert.equal(sts.asked.get('WebIdentityToken'), 'signed-by-the-cluster');
    assert.equal(sts.asked.get('RoleArn'), webIdentity.roleArn);
  });
});

/** Sets variables for one test; AWS's libraries read them where they look for credentials. */
function environment(variables: Readonly<Record<string, string>>): AsyncDisposable {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  return {
    async [Symbol.asyncDispose]() {
      for (const [name, value] of before)
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
    },
  };
}

/** STS API reference, AssumeRole and AssumeRoleWithWebIdentity: answers with temporary credentials. */
async function startTokenService(
  action: string,
): Promise<{ endpoint: string; asked: URLSearchParams } & AsyncDisposable> {
  const asked = new URLSearchParams();
  const service = createServer((request, response) => {
    void text(request).then((body) => {
      for (const [name, value] of new URLSearchParams(body)) asked.set(name, value);
      response.setHeader('content-type', 'text/xml');
      response.end(
        `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result>` +
          `<Credentials><AccessKeyId>${temporary.accessKeyId}</AccessKeyId>` +
          `<SecretAccessKey>${temporary.secretAccessKey}</SecretAccessKey>` +
          `<SessionToken>${temporary.sessionToken}</SessionToken>` +
          `<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>` +
          `</${action}Result></${action}Response>`,
      );
    });
  });
  await once(service.listen(0, '127.0.0.1'), 'listening');
  const { port } = service.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    asked,
    async [Symbol.asyncDispose]() {
      service.closeAllConnections();
      await new Promise((resolve) => void service.close(resolve));
    },
  };
}
