import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import test from 'node:test';
import { generateIdentity } from '../../backup-agent/keys/identities.ts';
import { formatIdentityFile, readIdentities } from '../../backup-agent/keys/identity-file.ts';
import { readSecretsManager } from '../../backup-agent/config/secrets-manager.ts';
import { awsEndpoint, type Answer } from '../support/aws-endpoint.ts';

const key = await generateIdentity();
const file = formatIdentityFile(key, new Date());
const secretId = 'holdfast/recovery-identity';

test('an identity file is read from the secret, as text or as bytes', async () => {
  for (const body of [
    { SecretString: file },
    { SecretBinary: Buffer.from(file).toString('base64') },
  ]) {
    await using aws = await awsEndpoint({ body });
    const content = await readSecretsManager({ secretId, client: aws.client });
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

test('a secret that is missing, denied or empty is refused with the reason', async () => {
  const answers: [Answer, RegExp][] = [
    [{ status: 400, body: { __type: 'ResourceNotFoundException' } }, /ResourceNotFoundException/],
    [{ status: 400, body: { __type: 'AccessDeniedException' } }, /AccessDeniedException/],
    [{ body: { Name: secretId } }, /holds no value/],
  ];
  for (const [answer, reason] of answers) {
    await using aws = await awsEndpoint(answer);
    await assert.rejects(readSecretsManager({ secretId, client: aws.client }), (error: Error) => {
      assert.match(error.message, reason);
      return true;
    });
  }
});

test('one field of a JSON secret is read, and a refusal quotes nothing of it', async () => {
  const secret = JSON.stringify({ username: 'holdfast', password: 'hunter2', port: 5432 });
  const ask = async (SecretString: string, field: string) => {
    await using aws = await awsEndpoint({ body: { SecretString } });
    return await readSecretsManager({ secretId, field, client: aws.client });
  };
  assert.deepEqual(await ask(secret, 'password'), Buffer.from('hunter2'));
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
  await using aws = await awsEndpoint({ body: { SecretString: file } });
  const reason = new Error('stopped by the operator');
  await assert.rejects(
    readSecretsManager({ secretId, client: aws.client, signal: AbortSignal.abort(reason) }),
    reason,
  );
});
