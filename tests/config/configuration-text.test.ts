import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { suite, test } from 'node:test';
import { readConfigurationText } from '../../backup-agent/config/configuration-text.ts';
import { HoldfastError } from '../../backup-agent/errors/holdfast-error.ts';
import { awsEndpoint } from '../support/aws-endpoint.ts';

const text = 'version: 1\n';

function notFound(message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof HoldfastError);
    assert.equal(error.code, 'config-not-found');
    assert.match(error.message, message);
    return true;
  };
}

suite('a configuration without a file', () => {
  test('is read, decrypted, from a parameter of Systems Manager', async () => {
    await using aws = await awsEndpoint({ body: { Parameter: { Value: text } } });
    const place = 'ssm:/holdfast/production/agent/jobs/crm-database';
    const found = await readConfigurationText(place, { ssm: aws.client });
    assert.deepEqual(found, { file: place, directory: resolve('.'), text });
    const [request] = aws.asked;
    assert.equal(request?.headers['x-amz-target'], 'AmazonSSM.GetParameter');
    assert.deepEqual(request.body, {
      Name: '/holdfast/production/agent/jobs/crm-database',
      WithDecryption: true,
    });
  });

  test('asks the region that a parameter by ARN lies in', async () => {
    await using aws = await awsEndpoint({ body: { Parameter: { Value: text } } });
    const { region: _, ...client } = aws.client;
    const arn = 'arn:aws:ssm:eu-west-1:111122223333:parameter/holdfast/job';
    await readConfigurationText(`ssm:${arn}`, { ssm: client });
    assert.match(aws.asked[0]?.headers.authorization ?? '', /\/eu-west-1\/ssm\//);
  });

  test('names the parameter that is not there, and the reason', async () => {
    await using aws = await awsEndpoint({
      status: 400,
      body: { __type: 'ParameterNotFound', message: 'no' },
    });
    await assert.rejects(
      readConfigurationText('ssm:/nowhere', { ssm: aws.client }),
      notFound(/parameter \/nowhere: ParameterNotFound/),
    );
  });

  test('is read from an environment variable, and says when that is not set', async () => {
    const variables = { HOLDFAST_JOB: text, EMPTY: '\n' };
    const found = await readConfigurationText('env:HOLDFAST_JOB', { variables });
    assert.equal(found.text, text.trim());
    for (const name of ['EMPTY', 'ABSENT'])
      await assert.rejects(
        readConfigurationText(`env:${name}`, { variables }),
        notFound(new RegExp(`env:${name} is not set or empty`)),
      );
  });
});
