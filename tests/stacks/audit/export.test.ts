import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { judge, parseSuppressions } from '../../../policies/face.ts';
import { loadEnvironment } from '../../../stacks/lib/load-environment.ts';
import { resourcesOf, synthesize } from '../support.ts';

const production = await loadEnvironment('production');
const account = production.account;
const readerArn = 'arn:aws:iam::999988887777:role/siem';
const secretArn = `arn:aws:secretsmanager:eu-central-1:${account}:secret:siem-AbCdEf`;
const variants = {
  bucket: { type: 'bucket', readerArn, days: 14 },
  https: { type: 'https', url: 'https://siem.example.com/in', secretArn, days: 14 },
} as const;
const suppressions = parseSuppressions(
  await readFile(join(import.meta.dirname, '../../../policies/suppressions.yaml'), 'utf8'),
);
const now = new Date('2026-11-23T12:00:00Z');

for (const [name, siem] of Object.entries(variants))
  suite(`the export to a SIEM by ${name}`, async () => {
    const stacks = await synthesize({ ...production, audit: { ...production.audit, siem } });
    const resources = resourcesOf({ audit: stacks['audit'] ?? assert.fail() });
    const only = (type: string, id: string) =>
      resources.find((one) => one.type === type && one.id === id)?.attributes ?? assert.fail(id);
    const stream = only('aws_kinesis_firehose_delivery_stream', 'export_stream');

    test('breaks no policy', () => {
      const files = Object.entries(stacks).map(([stack, content]) => ({
        name: stack,
        file: `${stack}/cdk.tf.json`,
        content,
      }));
      const content = JSON.parse(JSON.stringify(production));
      const report = judge(files, {
        suppressions,
        now,
        environment: { name: 'production', content },
      });
      const failed = report.results.filter(({ outcome }) => outcome === 'fail');
      assert.deepEqual(
        failed.map(({ rule, address }) => `${rule.id} ${address}`),
        [],
      );
    });

    test('takes the whole trail and all findings, encrypted by its own key', () => {
      assert.partialDeepStrictEqual(stream['server_side_encryption'], {
        enabled: true,
        key_type: 'CUSTOMER_MANAGED_CMK',
        key_arn: '${aws_kms_key.export-bucket_encryption_key.arn}',
      });
      const filter = only('aws_cloudwatch_log_subscription_filter', 'export_trail');
      assert.equal(filter['filter_pattern'], '');
      assert.equal(filter['log_group_name'], '${aws_cloudwatch_log_group.trail_log.name}');
      const arn = '${aws_kinesis_firehose_delivery_stream.export_stream.arn}';
      assert.equal(filter['destination_arn'], arn);
      assert.equal(only('aws_cloudwatch_event_target', 'export_findings-feed')['arn'], arn);
      const pattern = only('aws_cloudwatch_event_rule', 'export_findings')['event_pattern'];
      assert.match(String(pattern), /aws\.guardduty/);
    });

    test('is fed by roles that can do nothing else', () => {
      for (const id of ['export_trail-feeder-rights', 'export_findings-feeder-rights']) {
        const { Statement } = JSON.parse(String(only('aws_iam_role_policy', id)['policy'])) as {
          Statement: { Action: string[]; Resource: string[] }[];
        };
        assert.deepEqual(
          Statement.map(({ Action, Resource }) => [Action, Resource]),
          [
            [
              ['firehose:PutRecord', 'firehose:PutRecordBatch'],
              [
                `arn:aws:firehose:eu-central-1:${account}:deliverystream/holdfast-production-audit-export`,
              ],
            ],
          ],
        );
      }
    });

    test('reaches the SIEM, and loses nothing that it refuses', () => {
      const policy = String(only('aws_s3_bucket_policy', 'export-bucket_bucket_policy')['policy']);
      if (siem.type === 'bucket') {
        assert.equal(stream['destination'], 'extended_s3');
        assert.match(policy, /"ReadFromOtherAccount"[^}]*999988887777:root/);
      } else {
        assert.equal(stream['destination'], 'http_endpoint');
        assert.partialDeepStrictEqual(stream['http_endpoint_configuration'], {
          url: siem.url,
          s3_backup_mode: 'FailedDataOnly',
          secrets_manager_configuration: { enabled: true, secret_arn: siem.secretArn },
        });
        assert.doesNotMatch(policy, /ReadFromOtherAccount/);
      }
    });
  });

test('without a SIEM nothing is exported', async () => {
  const types = new Set(resourcesOf(await synthesize('production')).map(({ type }) => type));
  assert.ok(!types.has('aws_kinesis_firehose_delivery_stream'));
});
