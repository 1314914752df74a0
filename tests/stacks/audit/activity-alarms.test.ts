import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { loadEnvironment } from '../../../stacks/lib/load-environment.ts';
import { environmentNames, resourcesOf, synthesize, type Attributes } from '../support.ts';
import { ordinaryEvents, samples } from './activity-samples.ts';
import { matchesFilter } from './filter-pattern.ts';

/** The kinds that both contacts are mailed of at once. */
const urgent = new Set([
  'alarm-changes',
  'detector-changes',
  'key-deletion',
  'organization-changes',
  'recorder-changes',
  'root-use',
  'sign-in-without-mfa',
  'trail-changes',
]);

interface Transformation {
  readonly namespace: string;
  readonly name: string;
  readonly value: string;
}

for (const name of environmentNames)
  suite(`from event to person in ${name}`, async () => {
    const { contacts } = await loadEnvironment(name);
    const stacks = await synthesize(name);
    const resources = resourcesOf({ audit: stacks['audit'] ?? assert.fail() });
    const of = (type: string) => resources.filter((one) => one.type === type);
    const only = (type: string, test: (attributes: Attributes) => boolean): Attributes => {
      const found = of(type).filter(({ attributes }) => test(attributes));
      assert.equal(found.length, 1, type);
      return found[0]?.attributes ?? {};
    };
    const filters = new Map(
      of('aws_cloudwatch_log_metric_filter').map(({ id, attributes }) => [
        id.replace(/^activity_(.*)-filter$/, '$1'),
        attributes,
      ]),
    );

    test('each kind of event has samples, and each CIS recommendation its kind', () => {
      assert.deepEqual([...filters.keys()].sort(), Object.keys(samples).sort());
      const told = of('aws_cloudwatch_metric_alarm').flatMap(({ attributes }) => [
        ...String(attributes['alarm_description']).matchAll(/CIS 4\.(\d+)/g),
      ]);
      assert.deepEqual(
        told.map(([, number]) => Number(number)).sort((a, b) => a - b),
        Array.from({ length: 15 }, (_, index) => index + 1),
      );
    });

    for (const [kind, filter] of filters)
      test(`${kind}: what must ring rings, and reaches people`, () => {
        const { matching = [], passing = [] } = samples[kind] ?? {};
        const rings = (event: unknown) => matchesFilter(String(filter['pattern']), event);
        for (const event of matching) assert.ok(rings(event), JSON.stringify(event));
        for (const event of [...passing, ...ordinaryEvents])
          assert.ok(!rings(event), JSON.stringify(event));

        // The filter reads the group that the trail writes to.
        const trail = only('aws_cloudtrail', () => true);
        assert.equal(filter['log_group_name'], '${aws_cloudwatch_log_group.trail_log.name}');
        assert.equal(
          trail['cloud_watch_logs_group_arn'],
          '${aws_cloudwatch_log_group.trail_log.arn}:*',
        );

        // One event a period is enough.
        const metric = filter['metric_transformation'] as Transformation;
        assert.equal(metric.value, '1');
        const alarm = only(
          'aws_cloudwatch_metric_alarm',
          (one) => one['metric_name'] === metric.name && one['namespace'] === metric.namespace,
        );
        assert.partialDeepStrictEqual(alarm, {
          statistic: 'Sum',
          comparison_operator: 'GreaterThanThreshold',
          threshold: 0,
          evaluation_periods: 1,
          datapoints_to_alarm: 1,
          actions_enabled: true,
        });

        const topic = urgent.has(kind) ? 'audit-urgent' : 'audit-routine';
        assert.deepEqual(alarm['alarm_actions'], [`\${aws_sns_topic.notices_${topic}_topic.arn}`]);
      });

    for (const [topic, mails] of [
      ['audit-urgent', [...new Set([contacts.security, contacts.operations])]],
      ['audit-routine', [contacts.security]],
    ] as const)
      test(`${topic} is encrypted, takes what alarms and events publish, and mails people`, () => {
        const reference = `\${aws_sns_topic.notices_${topic}_topic.arn}`;
        const { attributes } = of('aws_sns_topic').find(({ id }) => id.includes(topic)) ?? {};
        assert.equal(
          attributes?.['kms_master_key_id'],
          '${aws_kms_key.notices_encryption_key.key_id}',
        );
        const subscribers = of('aws_sns_topic_subscription').filter(
          (one) => one.attributes['topic_arn'] === reference,
        );
        assert.deepEqual(
          subscribers.map((one) => [one.attributes['protocol'], one.attributes['endpoint']]),
          mails.map((mail) => ['email', mail]),
        );
        const policy = only('aws_sns_topic_policy', (one) => one['arn'] === reference);
        const key = of('aws_kms_key').find(({ id }) => id === 'notices_encryption_key');
        for (const text of [policy['policy'], key?.attributes['policy']])
          for (const service of ['cloudwatch.amazonaws.com', 'events.amazonaws.com'])
            assert.match(String(text), new RegExp(service));
      });
  });
