import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import test from 'node:test';
import { generateIdentity } from '../../backup-agent/keys/identities.ts';
import { formatIdentityFile, readIdentities } from '../../backup-agent/keys/identity-file.ts';
import { readSecretsManager } from '../../backup-agent/config/secrets-manager.ts';

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
    const content = await readSecretsManager({ secretId, client: aws.client });
    assert.deepEqual(await readIdentities(Buffer.from(content), { where: secretId }), [
      key.identity,
    ]);
    const [request] = aws.asked;
    assert.equal(request?.headers['x-amz-target'], 'secretsmanager.GetSecretValue');
    assert.match(
      request.headers.authorization ?? '',
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/secretsmanager\//,
    );
    assert.deepEqual(request.body, { SecretId: secretId });
  }
});

test('a secret that is missing, denied or empty is refused with the reason', async () => {
  const answers: [Answer, RegExp][] = [
    [{ status: 400, body: { __type: 'ResourceNotFoundException' } }, /ResourceNotFoundException/],
    [{ status: 400, body: { __type: 'AccessDeniedException' } }, /AccessDeniedException/],
    [{ body: { Name: secretId } }, /holds no value/],
  ];
  for (const [answer, reason] of answers) {
    await using aws = await endpoint(answer);
    await assert.rejects(readSecretsManager({ secretId, client: aws.client }), (error: Error) => {
      assert.match(error.message, reason);
      return true;
    });
  }
});

test('one field of a JSON secret is read, and a refusal quotes nothing of it', async () => {
  const secret = JSON.stringify({ username: 'holdfast', password: 'hunter2', port: 5432 });
  const ask = async (SecretString: string, field: string) => {
    await using aws = await endpoint({ body: { SecretString } });
    return await readSecretsManager({ secretId, field, client: aws.client });
  };
  assert.equal(await ask(secret, 'password'), 'hunter2');
  const refused: [string, string, RegExp][] = [
    [secret, 'toString', /no text in the field toString/],
    [secret, 'port', /no text in the field port/],
    ['hunter2', 'password', /not JSON/],
    ['null', 'password', /no text/],
  ];
  for (const [value, field, reason] of refused)
    await assert.rejects(ask(value, field), (error: Error) => {
      assert.match(error.message, reason);
      assert.doesNotMatch(inspect(error), /hunter2/);
      return true;
    });
});

test('an abort rejects with its reason', async () => {
  await using aws = await endpoint({ body: { SecretString: file } });
  const reason = new Error('stopped by the operator');
  await assert.rejects(
    readSecretsManager({ secretId, client: aws.client, signal: AbortSignal.abort(reason) }),
    reason,
  );
});
