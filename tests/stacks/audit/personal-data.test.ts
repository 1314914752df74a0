import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isAllowed } from '../iam/simulate.ts';
import { resourcesOf, synthesize } from '../support.ts';

const account = '111122223333';
const resources = resourcesOf(await synthesize('production'));
const attributesOf = (type: string, id: string) =>
  resources.find((one) => one.type === type && one.id === id)?.attributes ?? assert.fail(id);

suite('Macie over the attachments', () => {
  test('looks every week, and at once, at the bucket that the data stack makes', () => {
    const job = attributesOf('aws_macie2_classification_job', 'personal-data_attachments');
    const bucket = attributesOf('aws_s3_bucket', 'attachments_bucket_bucket');
    assert.partialDeepStrictEqual(job, {
      job_type: 'SCHEDULED',
      initial_run: true,
      schedule_frequency: { weekly_schedule: 'MONDAY' },
      s3_job_definition: {
        bucket_criteria: {
          includes: {
            and: [
              {
                simple_criterion: {
                  comparator: 'EQ',
                  key: 'S3_BUCKET_NAME',
                  values: [bucket['bucket']],
                },
              },
            ],
          },
        },
      },
    });
  });

  test('can decrypt what is in it: its own role alone, and nothing but decrypt', async () => {
    const policy = String(attributesOf('aws_kms_key', 'attachments_objects_key')['policy']);
    const macie = `arn:aws:iam::${account}:role/aws-service-role/macie.amazonaws.com/AWSServiceRoleForAmazonMacie`;
    // What AWS grants that role names no key.
    const identity = [
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }],
      }),
    ];
    const may = (principal: string, action: string) =>
      isAllowed(
        {
          principal,
          action,
          resource: `arn:aws:kms:eu-central-1:${account}:key/11111111-2222-4333-8444-555555555555`,
          resourceAccount: account,
          context: { 'aws:PrincipalArn': principal, 'kms:CallerAccount': account },
        },
        { identity, boundary: undefined, resource: policy },
      );
    assert.ok(await may(macie, 'kms:Decrypt'));
    assert.ok(!(await may(macie, 'kms:Encrypt')));
    assert.ok(!(await may(`arn:aws:iam::${account}:role/other`, 'kms:Decrypt')));
  });
});
