import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { exitCodes } from '../../backup-agent/errors/exit-codes.ts';
import { harmlessExitCodes } from '../../stacks/backup/watched-events.ts';
import { matches } from './event-pattern.ts';
import { resourcesOf, synthesize } from './support.ts';

const resources = resourcesOf(await synthesize('production'));
const account = '111122223333';
const workload = `arn:aws:iam::${account}:role/holdfast-production-workload`;

const rules = new Map(
  resources
    .filter(({ stack, type }) => stack === 'backup' && type === 'aws_cloudwatch_event_rule')
    .map(({ id, attributes }) => [id, attributes]),
);

function tells(rule: string, event: object): boolean {
  const attributes = rules.get(rule);
  assert.ok(attributes, `${rule} of ${[...rules.keys()].join(', ')}`);
  const pattern = JSON.parse(String(attributes['event_pattern'])) as object;
  return matches(pattern, event);
}

const sites = [
  {
    prefix: 'alarms',
    cluster: '${aws_ecs_cluster.agent_cluster.arn}',
    name: 'vault',
    pruner: 'agent-prune',
  },
  {
    prefix: 'offsite-alarms',
    cluster: '${aws_ecs_cluster.offsite-agent_cluster.arn}',
    name: 'vault-offsite',
    pruner: 'agent-prune-offsite',
  },
] as const;

for (const { prefix, cluster, name, pruner } of sites) {
  const bucketName = `holdfast-production-${name}-${account}`;
  const stopped = (detail: object) => ({
    source: 'aws.ecs',
    'detail-type': 'ECS Task State Change',
    detail: { clusterArn: cluster, lastStatus: 'STOPPED', ...detail },
  });
  const ended = (exitCode: number) =>
    stopped({ containers: [{ name: 'agent', exitCode }], stopCode: 'EssentialContainerExited' });
  const called = (detail: object) => ({
    source: 'aws.s3',
    'detail-type': 'AWS API Call via CloudTrail',
    detail: { eventSource: 's3.amazonaws.com', ...detail },
  });
  const by = (role: string) => ({
    type: 'AssumedRole',
    sessionContext: { sessionIssuer: { arn: `${workload}/holdfast-production-${role}` } },
  });

  suite(`people are told of ${name}`, () => {
    test('when a task fails, but not when it only came second', () => {
      for (const [code, told] of [
        [exitCodes.ok, false],
        [exitCodes.busy, false],
        [exitCodes.drillFailed, true],
        [exitCodes.storage, true],
        [1, true],
        [137, true],
      ] as const)
        assert.equal(tells(`${prefix}_task-failed`, ended(code)), told, String(code));
      assert.deepEqual(harmlessExitCodes, { ok: exitCodes.ok, busy: exitCodes.busy });
    });

    test('when a task did not start', () => {
      assert.ok(tells(`${prefix}_task-unstarted`, stopped({ stopCode: 'TaskFailedToStart' })));
      assert.ok(!tells(`${prefix}_task-unstarted`, ended(exitCodes.ok)));
    });

    test('when somebody but the pruner deletes, or tries to', () => {
      const rule = `${prefix}_foreign-deletes`;
      const requestParameters = { bucketName };
      const deletes = (userIdentity: object) =>
        called({ eventName: 'DeleteObject', requestParameters, userIdentity });
      assert.ok(!tells(rule, deletes(by(pruner))));
      assert.ok(tells(rule, deletes(by('agent-run'))));
      assert.ok(tells(rule, deletes({ type: 'Root' })));
      assert.ok(
        !tells(
          rule,
          called({
            eventName: 'DeleteObject',
            requestParameters: { bucketName: 'another' },
            userIdentity: by('agent-run'),
          }),
        ),
      );
    });

    test('of delete markers, bypassed locks and changed guards', () => {
      const deleted = (type: string) => ({
        source: 'aws.s3',
        'detail-type': 'Object Deleted',
        detail: { bucket: { name: bucketName }, 'deletion-type': type },
      });
      assert.ok(tells(`${prefix}_delete-markers`, deleted('Delete Marker Created')));
      assert.ok(!tells(`${prefix}_delete-markers`, deleted('Permanently Deleted')));
      const bypass = { bucketName, 'x-amz-bypass-governance-retention': 'true' };
      const retains = (requestParameters: object) =>
        called({ eventName: 'PutObjectRetention', requestParameters });
      assert.ok(tells(`${prefix}_bypass-attempts`, retains(bypass)));
      assert.ok(!tells(`${prefix}_bypass-attempts`, retains({ bucketName })));
      const changes = (eventName: string) =>
        called({ eventName, requestParameters: { bucketName } });
      assert.ok(tells(`${prefix}_vault-changes`, changes('PutBucketLifecycle')));
      assert.ok(!tells(`${prefix}_vault-changes`, changes('GetBucketPolicy')));
    });

    test('when a key of the backups is to be deleted', () => {
      const id = name === 'vault' ? 'vault_objects_key' : 'offsite-vault_objects_key';
      const event = (keyId: string) => ({
        source: 'aws.kms',
        'detail-type': 'AWS API Call via CloudTrail',
        detail: {
          eventSource: 'kms.amazonaws.com',
          eventName: 'ScheduleKeyDeletion',
          requestParameters: { keyId },
        },
      });
      assert.ok(tells(`${prefix}_key-deletion`, event(`\${aws_kms_key.${id}.arn}`)));
      assert.ok(tells(`${prefix}_key-deletion`, event(`\${aws_kms_key.${id}.key_id}`)));
      assert.ok(!tells(`${prefix}_key-deletion`, event('another')));
    });
  });
}

test('every notice goes to an encrypted topic of its own region', () => {
  const targets = resources.filter(
    ({ stack, type }) => stack === 'backup' && type === 'aws_cloudwatch_event_target',
  );
  assert.ok(targets.length >= 14);
  for (const { id, attributes } of targets.filter((one) => one.id.includes('alarms'))) {
    const offsite = id.startsWith('offsite-');
    assert.equal(attributes['provider'], offsite ? 'aws.offsite' : undefined, id);
    assert.match(String(attributes['arn']), offsite ? /backup-notices-offsite/ : /notices_topic/);
  }
});

test('alarms ring for starts that failed, for many deletions, and for a watch that has stopped', () => {
  const alarms = resources.filter(
    ({ stack, type }) => stack === 'backup' && type === 'aws_cloudwatch_metric_alarm',
  );
  assert.deepEqual(alarms.map(({ attributes }) => String(attributes['alarm_name'])).toSorted(), [
    'holdfast-production-backup-many-deletions',
    'holdfast-production-backup-many-deletions-offsite',
    'holdfast-production-backup-unstarted',
    'holdfast-production-backup-unstarted-offsite',
    'holdfast-production-backup-unwatched',
  ]);
  const watch = alarms.find(({ id }) => id.endsWith('unwatched'));
  assert.equal(watch?.attributes['treat_missing_data'], 'breaching');
});
