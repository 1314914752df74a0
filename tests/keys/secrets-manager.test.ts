import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import test from 'node:test';
import { generateIdentity } from '../../backup-agent/keys/identities.ts';
import { formatIdentityFile, readIdentities } from '../../backup-agent/keys/identity-file.ts';
import { identityFromSecretsManager } from '../../backup-agent/keys/secrets-manager.ts';

const key = await generateIdentity();
const file = formatIdentityFile(key, new Date());
const secretId = 'holdfast/recovery-identity';

interface Answer {
  readonly status?: number;
  readonly body: object;
}

/** An endpoint that gives one answer and notes what it was asked. */
async function endpoint({ status = 200, body }: Answer) {
  const asked: { headers: IncomingHttpHeaders; body: unknown }[] = [];
  const server = createServer((request, response) => {
    void text(request).then((content) => {
      asked.push({ headers: request.headers, body: JSON.parse(content) });
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(body));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    asked,
    client: {
      endpoint: `http://127.0.0.1:${port}`,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' },
      maxAttempts: 1,
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

test('an identity file is read from the secret, as text or as bytes', async () => {
  for (const body of [
    { SecretString: file },
    { SecretBinary: Buffer.from(file).toString('base64') },
  ]) {
    await using aws = await endpoint({ body });
    const content = await identityFromSecretsManager({ secretId, client: aws.client });
    assert.deepEqual(await readIdentities(content, { where: secretId }), [key.identity]);
    const [request] = aws.asked;
    assert.equal(request?.headers['x-amz-target'], 'secretsmanager.GetSecretValue');
    assert.match(
      request.headers.authorization ?? '',
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/secretsmanager\//,
    );
    assert.deepEqual(request.body, { SecretId: secretId });
  }
});

test('a secret that is missing, denied or empty is refused with its name and the reason', async () => {
  const answers: [Answer, RegExp][] = [
    [{ status: 400, body: { __type: 'ResourceNotFoundException' } }, /ResourceNotFoundException/],
    [{ status: 400, body: { __type: 'AccessDeniedException' } }, /AccessDeniedException/],
    [{ body: { Name: secretId } }, /holds no value/],
  ];
  for (const [answer, reason] of answers) {
    await using aws = await endpoint(answer);
    await assert.rejects(
      identityFromSecretsManager({ secretId, client: aws.client }),
      (error: Error & { code: string }) => {
        assert.equal(error.code, 'config-secret-unavailable');
        assert.ok(error.message.includes(secretId));
        assert.match(error.message, reason);
        return true;
      },
    );
  }
});

test('an abort rejects with its reason', async () => {
  await using aws = await endpoint({ body: { SecretString: file } });
  const reason = new Error('stopped by the operator');
  await assert.rejects(
    identityFromSecretsManager({ secretId, client: aws.client, signal: AbortSignal.abort(reason) }),
    reason,
  );
});
